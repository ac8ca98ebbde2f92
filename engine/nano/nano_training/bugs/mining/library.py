"""A package's modules: what a name means in one of them, followed through imports within the package."""

import ast
from dataclasses import dataclass, field
from pathlib import Path

from nano_training.bugs.mining import cut, tidy
from nano_training.bugs.mining.harm import ALLOWED

STEPS = 5
"""Imports that are followed, one after the other."""


@dataclass(eq=False, slots=True)
class Module:
    """One file, tidied. Raises SyntaxError, ValueError."""

    text: str
    path: Path | None = None
    source: str = ""
    tree: ast.Module = field(default_factory=lambda: ast.Module([], []))
    homes: dict[str, ast.stmt] = field(default_factory=dict)
    taken: dict[ast.stmt, tuple[str, list[ast.stmt]] | None] = field(default_factory=dict)
    """What a statement is in a program: its text and what that says; None where it cannot be in one."""

    def __post_init__(self) -> None:
        self.source = tidy.tidied(self.text, ALLOWED)
        self.tree = ast.parse(self.source)
        self.homes = {name: node for node in self.tree.body for name in names_of(node)}


@dataclass(eq=False, slots=True)
class Library:
    """Modules of one package, each read once; `root` is where its imports begin."""

    root: Path | None = None
    known: dict[Path, Module | None] = field(default_factory=dict)

    def module(self, path: Path) -> Module | None:
        """A file's module, None where it cannot be read."""
        if path not in self.known:
            try:
                self.known[path] = Module(path.read_text("utf-8"), path)
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                self.known[path] = None
        return self.known[path]

    def home(self, module: Module, name: str) -> tuple[Module, ast.stmt] | None:
        """Where a name of a module is made: an import is given only where it leads out of the package."""
        for _ in range(STEPS):
            node = module.homes.get(name)
            if node is None:
                return None
            origin = self.origin(module, node, name)
            if origin is None:
                return module, node
            module = origin
        return None

    def origin(self, module: Module, node: ast.stmt, name: str) -> Module | None:
        """The module of the package that an import takes a name from, under the same name."""
        if not isinstance(node, ast.ImportFrom) or self.root is None or module.path is None:
            return None
        if not any(each.name == name and each.asname in (None, name) for each in node.names):
            return None
        base = module.path.parents[node.level - 1] if node.level else self.root
        place = base.joinpath(*(node.module or "").split(".")) if node.module else base
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if self.root in path.parents and path.is_file():
                return self.module(path)
        return None


def names_of(node: ast.stmt) -> set[str]:
    """Names that a top-level statement binds for others."""
    simple = isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign))
    if isinstance(node, cut.Definition):
        return {node.name}
    return cut.bound(node) if simple else set()
