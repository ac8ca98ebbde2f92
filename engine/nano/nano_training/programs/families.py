"""Families: functions of our own with examples, read from `families/TOPIC.txt`. How they are written says FORMAT."""

import ast
import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nano_training.programs import draws

FORMAT = """\
## name            begins a family; then its code, with the imports it needs
-- name: text      an example: statements, the last one an expression, whose value the right code defines
"""

FOLDER = Path(__file__).parents[2] / "families"
SPLIT = FOLDER / "split.tsv"
"""`name<tab>side` a line, written by `python -m nano_training.programs.split`."""
HELD_OUT = 18
"""Per cent of clusters of families that training never sees."""
SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class FamilyError(ValueError):
    """A text of families is not as it must be: says the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Example:
    """One call or a few statements on a family's code, still with helpers in it."""

    name: str
    text: str

    def drawn(self, rng: random.Random) -> str:
        """The text with literals where helpers stood."""
        return draws.draw(self.text, rng)


@dataclass(frozen=True, slots=True)
class Family:
    """A function or a small class, and what shows that it is right."""

    name: str
    topic: str
    code: str
    examples: tuple[Example, ...]


@cache
def sides() -> dict[str, bool]:
    """Name of a family -> whether it is held out, as far as that is settled."""
    lines = SPLIT.read_text("utf-8").splitlines() if SPLIT.exists() else []
    return {name: side == "held out" for name, _, side in (line.partition("\t") for line in lines)}


def is_held_out(name: str) -> bool:
    """Whether training never sees a family (or a mined function): as settled, else as its own name falls."""
    return sides().get(name, falls_out(name))


def falls_out(name: str) -> bool:
    """Chance by a name alone, the same for ever."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % 100 < HELD_OUT


def load(folder: Path) -> tuple[Family, ...]:
    """All families of a folder, by topic, then as they are written. Raises FamilyError."""
    found: dict[str, Family] = {}
    for path in sorted(folder.glob("*.txt")):
        for family in parse(path.read_text("utf-8"), path):
            if family.name in found:
                raise FamilyError(f"{path.name}: {family.name} is also in {found[family.name].topic}.txt")
            found[family.name] = family
    return tuple(found.values())


def named(folder: Path) -> list[str]:
    """The names of all families of a folder, whether they are right or not."""
    texts = (path.read_text("utf-8") for path in sorted(folder.glob("*.txt")))
    return [line.removeprefix("## ").strip() for text in texts for line in text.split("\n") if line.startswith("## ")]


def parse(text: str, path: Path) -> Iterator[Family]:
    """The families of one file. Raises FamilyError at the first that is not as it must be."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("## ")]
    before = lines[: starts[0]] if starts else lines
    if any(line.strip() for line in before):
        raise FamilyError(f"{path.name}:1: text before the first family (`## name`)")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield one(lines[start:end], path, start + 1)


def one(lines: list[str], path: Path, at: int) -> Family:
    """The family whose first line is the `at`-th of the file."""
    name = lines[0].removeprefix("## ").strip()
    if not SNAKE.fullmatch(name):
        raise FamilyError(f"{path.name}:{at}: {name!r} is no snake_case name")
    count = next((number for number, line in enumerate(lines) if line.startswith("--")), len(lines))
    code = "\n".join(lines[1:count]).strip("\n") + "\n"
    check_code(name, code, path, at)
    examples: list[Example] = []
    for number, line in enumerate(lines[count:], at + count):
        if line.strip():
            examples.append(example(line, path, number))
    names = [example.name for example in examples]
    if len(names) < 3 or len(set(names)) < len(names):
        raise FamilyError(f"{path.name}:{at}: {name} needs at least three examples, each with its own name")
    return Family(name, path.stem, code, tuple(examples))


def check_code(name: str, code: str, path: Path, at: int) -> None:
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        raise FamilyError(f"{path.name}:{at + (error.lineno or 0)}: {error.msg}") from error
    allowed = ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign
    for node in tree.body:
        if not isinstance(node, allowed):
            line = at + node.lineno
            raise FamilyError(f"{path.name}:{line}: only imports, constants, functions and classes may stand here")
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    if name not in {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", one).lower() for one in defined}:
        raise FamilyError(f"{path.name}:{at}: {name} defines {sorted(defined)}, nothing of the family's name")


def example(line: str, path: Path, at: int) -> Example:
    """Of `-- name: text`."""
    name, colon, text = line.removeprefix("--").partition(":")
    name, text = name.strip(), text.strip()
    if not colon or not SNAKE.fullmatch(name):
        raise FamilyError(f"{path.name}:{at}: an example is `-- snake_case_name: expression`")
    try:
        body = ast.parse(text).body
        draws.draw(text, random.Random(0))
    except (SyntaxError, ValueError) as error:
        raise FamilyError(f"{path.name}:{at}: {error}") from error
    if not body or not isinstance(body[-1], ast.Expr):
        raise FamilyError(f"{path.name}:{at}: an example ends in an expression")
    return Example(name, text)
