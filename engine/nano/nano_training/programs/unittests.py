"""The tests of a module as a programmer writes them with unittest: one class a family, one method an example."""

import ast
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from nano_training.programs.naming import camel
from nano_training.programs.outcome import BUILT_IN, Outcome, UnfitError, outcome
from nano_training.programs.splice import Splice, read

LEAST = 3
"""Methods of a test class."""
WIDTH = 96
"""Characters of a line of code at most."""


@dataclass(frozen=True, slots=True)
class Case:
    """A method to be: its examples, under their final names, without helpers."""

    name: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manner:
    """How one programmer writes tests."""

    whole: bool
    """`import shop` and `shop.total(...)`, not `from shop import total`."""
    plain: bool
    """assertEqual for whatever it can say."""
    apart: float
    """How often the result gets a line of its own."""
    main: bool
    prefix: str


def manner(rng: random.Random) -> Manner:
    return Manner(
        rng.random() < 0.15,
        rng.random() < 0.3,
        rng.choice((0.0, 0.1, 0.4)),
        rng.random() < 0.4,
        rng.choice(("Test", "Test", "Test", "")),
    )


def module(
    name: str, classes: Mapping[str, Sequence[Case]], names: dict[str, object], how: Manner, rng: random.Random
) -> str:
    """The text of a test module: `classes` by what each tests. `names` is the right module's namespace.

    Raises UnfitError, or whatever the code raises that no test should expect.
    """
    own = sorted(one for one in names if not one.startswith("__"))
    bodies, used = [], set()
    for tested, cases in classes.items():
        methods = []
        for case in cases:
            with suppress(UnfitError):
                methods.append(method(case, names, how, name, rng))
                nodes = (node for text in case.texts for node in read(text).nodes)
                used |= {node.id for node in nodes if isinstance(node, ast.Name)}
        if len(methods) < LEAST:
            raise UnfitError(f"{tested}: too few examples fit their lines")
        title = f"{how.prefix}{camel(tested)}" if how.prefix else f"{camel(tested)}Test"
        bodies.append(f"class {title}(unittest.TestCase):\n" + "\n\n".join(methods))
    wanted = [one for one in own if one in used]
    imported = f"import {name}" if how.whole else f"from {name} import {', '.join(wanted)}"
    if len(imported) > WIDTH:
        imported = f"from {name} import (\n" + "".join(f"    {one},\n" for one in wanted) + ")"
    end = '\n\n\nif __name__ == "__main__":\n    unittest.main()\n' if how.main else "\n"
    return f"import unittest\n\n{imported}\n\n\n" + "\n\n\n".join(bodies) + end


def method(case: Case, names: dict[str, object], how: Manner, module: str, rng: random.Random) -> str:
    """A test's text. Raises UnfitError where a line of it would be too long."""
    texts = [line for text in case.texts for line in lines(text, names, how, module, rng)]
    if any(len(line) > WIDTH - 8 for line in texts):
        raise UnfitError(f"{case.name}: a line would be too long")
    return "\n".join([f"    def test_{case.name}(self):", *(f"        {line}" for line in texts)])


def lines(text: str, names: dict[str, object], how: Manner, module: str, rng: random.Random) -> list[str]:
    """One example as statements of a method."""
    pieces = statements(text)
    expected = outcome(names, text)
    if expected.error:
        pieces = pieces[: raising(pieces, names)]
    pieces = [qualified(piece, names, module) if how.whole else piece for piece in pieces]
    *before, last = pieces
    if expected.error:
        return [*before, f"with self.assertRaises({expected.error}):", f"    {last}"]
    return [*before, *asserted(last, expected, how, rng)]


def statements(text: str) -> list[str]:
    """The statements of an example, each as it is written."""
    parsed = read(text)
    return [parsed.text(one) for one in parsed.tree.body]


def raising(pieces: Sequence[str], names: dict[str, object]) -> int:
    """How many statements it takes until one raises."""
    scope = {**names}
    for count, piece in enumerate(pieces, 1):
        try:
            exec(piece, scope)
        except BUILT_IN:
            return count
    return len(pieces)


def asserted(call: str, expected: Outcome, how: Manner, rng: random.Random) -> list[str]:
    """The statements that compare a call's result with what is right."""
    value = expected.value or ""
    before: list[str] = []
    long = len(call) + len(value) > WIDTH - 32
    if long or rng.random() < how.apart:
        kept = "expected" if len(value) > len(call) else "result"
        before = [f"{kept} = {value if kept == 'expected' else call}"]
        call, value = (call, kept) if kept == "expected" else (kept, value)
    return [*before, compared(call, value, expected.value or "", how)]


def compared(call: str, shown: str, value: str, how: Manner) -> str:
    if not how.plain and value in ("True", "False"):
        return f"self.assert{value}({call})"
    if not how.plain and value == "None":
        return f"self.assertIsNone({call})"
    if is_float(value) and not how.plain:
        return f"self.assertAlmostEqual({call}, {shown})"
    return f"self.assertEqual({call}, {shown})"


def is_float(value: str) -> bool:
    return type(ast.literal_eval(value)) is float


def qualified(text: str, names: Mapping[str, object], module: str) -> str:
    """An example whose functions are called by their module's name."""
    parsed = read(text)
    nodes = [node for node in parsed.nodes if isinstance(node, ast.Name) and node.id in names]
    spans = [parsed.span(node) for node in nodes]
    return parsed.spliced(Splice(start, start, f"{module}.") for start, _ in spans)
