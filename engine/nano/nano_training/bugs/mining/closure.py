"""A function or a class together with what it needs of its package, where all of it is harmless."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from nano_training.bugs.mining import classes, cut
from nano_training.bugs.mining.harm import UNENDING, harmless, words
from nano_training.bugs.mining.library import Library, Module

LINES = 60
PARTS = 10
TABLE = 20
"""Lines of a constant."""
ODD = words("contextmanager asynccontextmanager overload property fixture jit abstractmethod setter")
"""Decorators without which a function is another one."""
KEPT = frozenset({"dataclass", "total_ordering"})


@dataclass(frozen=True, slots=True)
class Program:
    """A module of its own: `name` is the function or class it is about, `docstring` may show how it is called."""

    name: str
    source: str
    node: ast.FunctionDef | ast.ClassDef
    docstring: str


def programs(module: Module, library: Library) -> Iterator[Program]:
    """Every function, class, or part of a class that can stand alone with what it needs."""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and is_plain(node) and node.args.args:
            yield from program(module, library, node, cut.cut(module.source, node), node)
        elif isinstance(node, ast.ClassDef) and decorated(node) is not None:
            for text, shown in classes.texts(module.source, node):
                yield from program(module, library, node, (decorated(node) or "") + text, shown)


def program(
    module: Module, library: Library, node: cut.Definition, text: str, shown: cut.Definition
) -> Iterator[Program]:
    """One program, if it is one. `node` is what it was in its module, `text` what it is to be."""
    try:
        main = ast.parse(text).body[0]
    except (SyntaxError, ValueError):
        return
    if not isinstance(main, cut.Definition) or main.name.startswith("__"):
        return
    source = Assembly(library).of(module, node, main, text)
    if source is not None and not UNENDING.search(source):
        yield Program(main.name, source, main, ast.get_docstring(shown) or "")


def is_plain(node: ast.FunctionDef) -> bool:
    """Whether a function is the same without its decorators."""
    return not any(
        isinstance(each, ast.Name | ast.Attribute) and (each.id if isinstance(each, ast.Name) else each.attr) in ODD
        for decorator in node.decorator_list
        for each in ast.walk(decorator)
    )


def decorated(node: ast.ClassDef) -> str | None:
    """The decorators of a class as lines; None where one is not known."""
    lines = []
    for each in node.decorator_list:
        called = each.func if isinstance(each, ast.Call) else each
        if not isinstance(called, ast.Name) or called.id not in KEPT:
            return None
        lines.append(f"@{ast.unparse(each)}\n")
    return "".join(lines)


@dataclass(slots=True)
class Assembly:
    """Gathers what one definition needs, and puts it together."""

    library: Library
    order: list[Module] = field(default_factory=list)
    imports: dict[ast.Import | ast.ImportFrom, set[str]] = field(default_factory=dict)
    parts: dict[tuple[int, int], tuple[bool, str]] = field(default_factory=dict)
    """By module and line: whether it is a definition, and its text."""
    homes: dict[str, ast.stmt] = field(default_factory=dict)

    def of(self, module: Module, node: cut.Definition, main: ast.stmt, text: str) -> str | None:
        """The text of a definition and of all it needs; None where that is not allowed."""
        self.homes[node.name] = node
        self.put(module, node, text)
        waiting = [(module, main)]
        while waiting:
            here, each = waiting.pop()
            if not harmless(each) or len(self.parts) > PARTS:
                return None
            for name in sorted(cut.unknown(each)):
                home = self.library.home(here, name)
                if home is None or self.homes.setdefault(name, home[1]) is not home[1]:
                    return None
                following = self.needed(*home, name)
                if following is None:
                    return None
                waiting += following
        return self.text()

    def needed(self, module: Module, node: ast.stmt, name: str) -> list[tuple[Module, ast.stmt]] | None:
        """Takes a statement in, and gives it back where what it needs is still to be found; None: not allowed."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.imports.setdefault(node, set()).add(name)
            return [] if harmless(node) else None
        if (self.place(module), node.lineno) in self.parts:
            return []
        if node not in module.taken:
            module.taken[node] = taken(module.source, node)
        found = module.taken[node]
        if found is None:
            return None
        self.put(module, node, found[0])
        return [(module, each) for each in found[1]]

    def place(self, module: Module) -> int:
        """Which of the modules it is; later ones stand further above."""
        if module not in self.order:
            self.order.append(module)
        return -self.order.index(module)

    def put(self, module: Module, node: ast.stmt, text: str) -> None:
        """Takes a text in."""
        self.parts[self.place(module), node.lineno] = isinstance(node, cut.Definition), text.rstrip()

    def text(self) -> str | None:
        """Imports first, then constants and definitions, as a module of at most LINES lines."""
        made = "\n".join(sorted({trimmed(node, names) for node, names in self.imports.items()}))
        before: bool | None = None
        for place in sorted(self.parts):
            definition, text = self.parts[place]
            gap = "\n\n\n" if definition or before else "\n\n" if before is None else "\n"
            made, before = made + gap * bool(made) + text, definition
        lines = made.split("\n")
        fits = len(lines) <= LINES and max(map(len, lines)) <= cut.WIDTH and made.isascii() and "\t" not in made
        return made + "\n" if fits else None


def taken(source: str, node: ast.stmt) -> tuple[str, list[ast.stmt]] | None:
    """A statement's text as a program has it, and what that says."""
    if isinstance(node, ast.FunctionDef) and is_plain(node):
        text = cut.cut(source, node)
    elif isinstance(node, ast.ClassDef) and decorated(node) is not None:
        text = (decorated(node) or "") + cut.cut(source, node)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and (node.end_lineno or 0) - node.lineno <= TABLE:
        text = "\n".join(cut.lines_of(source)[node.lineno - 1 : node.end_lineno])
    else:
        return None
    try:
        return text, ast.parse(text).body
    except (SyntaxError, ValueError):
        return None


def trimmed(node: ast.Import | ast.ImportFrom, names: set[str]) -> str:
    """An import of the needed names alone."""
    used = [each for each in node.names if (each.asname or each.name).split(".")[0] in names]
    listed = ", ".join(f"{each.name} as {each.asname}" if each.asname else each.name for each in used)
    return f"from {node.module} import {listed}" if isinstance(node, ast.ImportFrom) else f"import {listed}"
