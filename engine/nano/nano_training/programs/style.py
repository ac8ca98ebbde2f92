"""A programmer's habits: docstrings, defaults, order of methods, empty lines, quotes."""

import ast
import random
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from nano_training.programs import hints
from nano_training.programs.families import Example
from nano_training.programs.rename import docstrings
from nano_training.programs.splice import Parsed, Splice, read

CLAUSE = re.compile(r"(?:[,;:(]| where | with | that | whose ).*$", re.DOTALL)


def varied(code: str, examples: Sequence[Example], rng: random.Random) -> str:
    """A family's code in somebody's habits; `examples`, which must fit it, tell what types its parameters have."""
    if rng.random() < 0.25:
        code = defaults(code, rng)
    if rng.random() < 0.5:
        code = documented(code, rng)
    if rng.random() < 0.25:
        code = hints.hinted(code, examples, rng)
    if rng.random() < 0.3:
        code = ordered(code, rng)
    return spaced(code, rng)


def documented(code: str, rng: random.Random) -> str:
    """Docstrings left out, shortened, or on lines of their own."""
    parsed = read(code)
    manner = rng.choice(("none", "none", "short", "short", "tall"))
    return parsed.spliced(splice for node in parsed.nodes if (splice := docstring(parsed, node, manner)) is not None)


def docstring(parsed: Parsed, node: ast.AST, manner: str) -> Splice | None:
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or ast.get_docstring(node) is None or len(node.body) < 2:
        return None
    first, text = node.body[0], ast.get_docstring(node) or ""
    if manner == "none":
        start, _ = parsed.lines(first)
        return Splice(start, parsed.starts[min(node.body[1].lineno, *decorated(node.body[1])) - 1], "")
    if manner == "short" and '"' not in text:
        return parsed.replace(first, f'"""{CLAUSE.sub("", text).rstrip(".")}."""')
    if manner == "short":
        return None
    depth = " " * first.col_offset
    return parsed.replace(first, f'"""\n{depth}{text}\n{depth}"""')


def decorated(node: ast.stmt) -> list[int]:
    """The lines of a statement's decorators; its own without."""
    return [one.lineno for one in getattr(node, "decorator_list", [])] or [node.lineno]


def defaults(code: str, rng: random.Random) -> str:
    """Other whole numbers as defaults of parameters, where no text names the old ones."""
    parsed = read(code)
    texts = " ".join(parsed.text(node) for node in docstrings(parsed))

    def found() -> Iterator[Splice]:
        for node in parsed.nodes:
            for default in node.defaults if isinstance(node, ast.arguments) else ():
                value = default.value if isinstance(default, ast.Constant) else None
                if type(value) is int and value > 1 and not re.search(rf"\b{value}\b", texts):
                    yield parsed.replace(default, str(value + rng.choice((-1, 1, 2))))

    return parsed.spliced(found())


def ordered(code: str, rng: random.Random) -> str:
    """Methods in another order; those with two underscores stay where they are."""
    parsed = read(code)

    def found() -> Iterator[Splice]:
        for node in parsed.tree.body:
            if isinstance(node, ast.ClassDef):
                methods = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name[:2] != "__"]
                # A property and its setter belong together.
                if len({one.name for one in methods}) == len(methods):
                    texts = [parsed.data[slice(*parsed.lines(one))].decode() for one in methods]
                    for one, text in zip(methods, rng.sample(texts, len(texts)), strict=True):
                        yield Splice(*parsed.lines(one), text)

    return parsed.spliced(found())


def spaced(code: str, rng: random.Random) -> str:
    """More or fewer empty lines within functions."""
    parsed = read(code)
    kind = rng.choice(("as it is", "none", "none", "return", "docstring"))

    def found() -> Iterator[Splice]:
        for node in parsed.nodes:
            if isinstance(node, ast.FunctionDef):
                for before, after in pairwise(node.body):
                    start, end = parsed.lines(before)[1], parsed.lines(after)[0]
                    wide = kind == "docstring" and before is node.body[0] and isinstance(before, ast.Expr)
                    wide |= kind == "return" and isinstance(after, ast.Return) and len(node.body) > 3
                    if kind != "as it is" and not parsed.data[start:end].strip():
                        yield Splice(start, end, "\n" * wide)

    return parsed.spliced(found())


def quoted(code: str, mark: str) -> str:
    """Strings between `mark`s, where neither kind of quote nor a backslash is in them; docstrings stay."""
    parsed = read(code)
    docs = docstrings(parsed)
    inner: set[ast.AST] = set()

    def found() -> Iterator[Splice]:
        for node in parsed.nodes:
            if isinstance(node, ast.JoinedStr):
                inner.update(one for part in node.values for one in ast.walk(part))
            string = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and type(node.value) is str)
            if string and node not in inner and node not in docs:
                match = re.fullmatch(r"(f?)(['\"])([^'\"\\\n]*)\2", parsed.text(node))
                if match:
                    yield parsed.replace(node, f"{match[1]}{mark}{match[3]}{mark}")

    return parsed.spliced(found())
