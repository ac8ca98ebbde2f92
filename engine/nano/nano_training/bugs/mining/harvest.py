"""Calls with literals that a package's own code, docstrings and tests make: values that suit its functions."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

FILES, LARGE = 400, 200_000
"""Files of a package that are read for this, and characters of one."""
MOST, LONG = 40, 48
"""Values of one argument, and characters of one."""
HIGH = 1_000_000
"""A number that counts something; with a bug in it, no loop over more of them would end soon."""
LITERAL = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.USub, ast.expr_context)
SHOWN = re.compile(r"\b[A-Za-z_]\w*\((?:[^()\n]|\([^()\n]*\))*\)")
Place = int | str
"""An argument's position, or its keyword."""


@dataclass(slots=True)
class Harvest:
    """By a function's name and an argument's place: literals, as they are written."""

    found: defaultdict[tuple[str, Place], dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def of(self, name: str, place: Place, keyword: str = "") -> tuple[str, ...]:
        """What a function's argument was given, by its position or by its name."""
        given = [*self.found.get((name, place), ()), *(self.found.get((name, keyword), ()) if keyword else ())]
        return tuple(dict.fromkeys(given))

    def read(self, source: str) -> None:
        """Takes in the calls of one source."""
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self.call(node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "(" in node.value:
                for call in shown(node.value):
                    self.call(call)

    def call(self, node: ast.Call) -> None:
        """Takes in one call."""
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        places: list[tuple[Place, ast.expr]] = list(enumerate(node.args))
        places += [(each.arg, each.value) for each in node.keywords if each.arg]
        for place, value in places:
            text = literal(value)
            values = self.found[name, place] if text else {}
            if text and len(values) < MOST:
                values[text] = None


def literal(node: ast.expr) -> str:
    """A short literal as it is written, "" for anything else."""
    if not all(isinstance(each, LITERAL) for each in ast.walk(node)):
        return ""
    if isinstance(node, ast.Constant) and (node.value is None or node.value is Ellipsis):
        return ""
    if any(
        isinstance(each, ast.Constant) and isinstance(each.value, int) and each.value > HIGH for each in ast.walk(node)
    ):
        return ""
    text = ast.unparse(node)
    return text if len(text) <= LONG and text.isascii() else ""


def shown(text: str) -> Iterator[ast.Call]:
    """Calls that stand in a docstring."""
    for found in SHOWN.finditer(text[:20_000]):
        try:
            tree = ast.parse(found.group(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if isinstance(tree.body, ast.Call):
            yield tree.body


def reaped(paths: Iterable[Path]) -> Harvest:
    """The calls of many files."""
    made = Harvest()
    for _, path in zip(range(FILES), paths, strict=False):
        try:
            source = path.read_text("utf-8")
        except (OSError, ValueError):
            continue
        if len(source) <= LARGE:
            made.read(source)
    return made
