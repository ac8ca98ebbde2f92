"""Small projects made of families: one module and its tests, written in one of very many ways."""

import ast
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from nano_training.programs import naming, rename, rewrite, style, trial, unittests
from nano_training.programs.families import Example, Family
from nano_training.programs.limits import bounded
from nano_training.programs.outcome import BUILT_IN, UnfitError, namespace, outcome
from nano_training.programs.splice import Splice, read
from nano_training.programs.unittests import Case
from nano_training.project import Project

SIZES = (1, 1, 1, 2, 2, 2, 2, 3, 3, 4)
LINES = 60
"""Of a module, and of its tests."""
LONGEST = 120
"""Characters of a line."""
ATTEMPTS = 60
SECONDS = 1.0
DRAWS = 6
WIDE, NARROW = 170, 84
"""Characters of an example's text, and of what it gives, at most."""
DOCUMENTED = (
    "Functions for {}.",
    "Work with {}.",
    "Small functions about {}.",
    "A few things about {}.",
    "Helpers for {}.",
)


class MakeError(RuntimeError):
    """No project comes of these families, however often it is tried."""


def project(families: Sequence[Family], rng: random.Random, lines: int = LINES) -> Project:
    """A project of one to four of the families, most of one topic, varied by chance. Its tests pass, and neither they
    nor its module are longer than that.

    Raises MakeError where nothing comes of it, as of families that do not run.
    """
    for _ in range(ATTEMPTS):
        made: Project | None = None
        with bounded(SECONDS):
            made = attempt(chosen(families, rng), rng, lines)
        if made is not None and trial.run(trial.FOLDER, {made.path: made.source, made.test_path: made.tests}).passed:
            return made
    raise MakeError(f"nothing comes of {len(families)} families in {ATTEMPTS} attempts")


def chosen(families: Sequence[Family], rng: random.Random) -> list[Family]:
    """Those that share a module."""
    first = rng.choice(families)
    near = [family for family in families if family.topic == first.topic and family is not first]
    far = [family for family in families if family is not first]
    found = [first]
    for _ in range(rng.choice(SIZES) - 1):
        pool = [family for family in (near if rng.random() < 0.75 else far) if family not in found]
        if pool:
            found.append(rng.choice(pool))
    return found


def attempt(families: Sequence[Family], rng: random.Random, lines: int) -> Project | None:
    """A project, unless it is too long or something in it does not do."""
    taken: set[str] = set()
    parts: list[Part] = []
    try:
        for family in families:
            one = part(family, taken, rng)
            if not parts or sum(each.lines for each in (*parts, one)) <= lines:
                parts.append(one)
                taken |= {*one.names}
        source = joined(parts, families[0].topic, rng)
        name = naming.module(families[0].topic, {*taken, *words(source)}, rng)
        names = namespace(source)
        cases = {one.title: some(one, names, (lines - 10) // len(parts), rng) for one in parts}
        tests = unittests.module(name, cases, names, unittests.manner(rng), rng)
        mark = "'" if rng.random() < 0.3 else '"'
        source, tests = style.quoted(source, mark), style.quoted(tests, mark)
    except BUILT_IN:
        return None
    if max(source.count("\n"), tests.count("\n")) > lines or max(map(len, (source + tests).split("\n"))) > LONGEST:
        return None
    return Project(tuple(one.family for one in parts), name, source, tests)


# --- the module ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A family as one project has it: its own names, its own manner."""

    family: str
    title: str
    imports: tuple[str, ...]
    code: str
    examples: tuple[Example, ...]
    names: tuple[str, ...]

    @property
    def lines(self) -> int:
        """Of a module that it takes, with what lies between."""
        return self.code.count("\n") + len(self.imports) + 3


def part(family: Family, taken: set[str], rng: random.Random) -> Part:
    """A family's code, varied, with none of its names `taken`."""
    code = rewrite.varied(family.code, rng)
    found = rename.names(code)
    spoken = {word for one in family.examples for word in words(one.text)} - {*found.top}
    renaming = naming.renaming(found, taken | spoken, rng)
    main = next(name for name in found.top if naming.camel(name) == naming.camel(family.name))
    examples = tuple(Example(one.name, renaming.example(one.text)) for one in family.examples)
    code = style.varied(renaming.code(code), examples, rng)
    imports, body = divided(code)
    return Part(family.name, renaming.top[main], imports, body, examples, tuple(renaming.top.values()))


def divided(code: str) -> tuple[tuple[str, ...], str]:
    """The imports of a source, and what stands below them."""
    parsed = read(code)
    imports = [node for node in parsed.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    rest = parsed.spliced(Splice(*parsed.lines(node), "") for node in imports)
    return tuple(parsed.text(node) for node in imports), rest.strip("\n")


def joined(parts: Sequence[Part], topic: str, rng: random.Random) -> str:
    """The module's text."""
    parts = rng.sample(parts, len(parts))
    head = []
    if rng.random() < 0.5:
        about = topic.replace("_", " ")
        words = rng.choice(DOCUMENTED).format(about)
        head.append(f'"""{words[0].upper()}{words[1:]}"""')
    imports = sorted({line for one in parts for line in one.imports}, key=lambda line: (line.split()[1], line))
    if imports:
        head.append("\n".join(imports))
    body = "\n\n\n".join(one.code for one in parts)
    gap = "\n\n\n" if not body[0].isupper() else "\n\n"
    return "\n\n".join(head) + gap * bool(head) + body + "\n"


def words(source: str) -> set[str]:
    """Every identifier of a source."""
    return {rename.called(node) for node in read(source).nodes}


# --- the tests ----------------------------------------------------------------------------------------------


def some(one: Part, names: dict[str, object], lines: int, rng: random.Random) -> list[Case]:
    """As many of a family's examples as its share of the lines allows, in their order. Raises UnfitError."""
    most = max(unittests.LEAST, min(len(one.examples), 8, lines // 4) - (rng.random() < 0.3))
    found: dict[int, Case] = {}
    for at in rng.sample(range(len(one.examples)), len(one.examples)):
        if len(found) < most:
            with suppress(UnfitError):
                found[at] = case(one.examples[at], names, rng)
    if len(found) < unittests.LEAST:
        raise UnfitError(f"{one.title}: too few examples do")
    return [found[at] for at in sorted(found)]


def case(example: Example, names: dict[str, object], rng: random.Random) -> Case:
    """An example's method, sometimes with a second draw. Raises UnfitError where no draw does."""
    texts = [fit(example, names, rng)]
    if len(read(texts[0]).tree.body) == 1 and rng.random() < 0.15:
        texts.append(fit(example, names, rng))
    return Case(example.name, tuple(dict.fromkeys(texts)))


def fit(example: Example, names: dict[str, object], rng: random.Random) -> str:
    """The first of a few draws that a test can say in short lines."""
    for _ in range(DRAWS):
        text = example.drawn(rng)
        try:
            expected = outcome(names, text)
        except UnfitError:
            continue
        if len(text) <= WIDE and len(expected.value or "") <= NARROW:
            return text
    raise UnfitError(f"{example.text}: no draw does")
