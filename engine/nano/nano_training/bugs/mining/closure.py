"""A function of a module together with what it needs of that module, where all of it is harmless."""

import ast
from dataclasses import dataclass

from nano_training.bugs.mining import cut

ALLOWED = frozenset(
    [
        "abc",
        "bisect",
        "calendar",
        "collections",
        "colorsys",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "fractions",
        "functools",
        "heapq",
        "html",
        "itertools",
        "keyword",
        "math",
        "numbers",
        "operator",
        "re",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
    ]
)
"""Modules that touch nothing outside the program. (`typing_extensions` and the like are not there on every machine.)"""
FORBIDDEN = frozenset(
    [
        "NotImplemented",
        "__file__",
        "Exception",
        "BaseException",
        "Warning",
        "__import__",
        "__name__",
        "breakpoint",
        "compile",
        "delattr",
        "eval",
        "exec",
        "exit",
        "getattr",
        "globals",
        "hash",
        "help",
        "id",
        "input",
        "locals",
        "memoryview",
        "open",
        "print",
        "quit",
        "setattr",
        "super",
        "vars",
    ]
)
CLOCKS = frozenset(
    {"now", "today", "utcnow", "fromtimestamp", "random", "shuffle", "system", "environ", "write", "read"}
)
LINES = 45
PARTS = 6


@dataclass(frozen=True, slots=True)
class Program:
    """A module of its own: `name` is the function it is about, `examples` what its docstring shows."""

    name: str
    source: str
    node: ast.FunctionDef
    docstring: str


def programs(source: str) -> list[Program]:
    """Every function of a module that can stand alone with what it needs. Raises SyntaxError, ValueError."""
    tree = ast.parse(source)
    homes = {name: node for node in tree.body for name in names_of(node)}
    found = []
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef)
            and not node.name.startswith("__")
            and node.args.args
            and not node.decorator_list
        ):
            text = assembled(source, tree, homes, node)
            if text is not None:
                found.append(Program(node.name, text, node, ast.get_docstring(node) or ""))
    return found


def names_of(node: ast.stmt) -> set[str]:
    """Names that a top-level statement binds for others."""
    simple = isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign))
    if isinstance(node, cut.Definition):
        return {node.name}
    return cut.bound(node) if simple else set()


def assembled(source: str, tree: ast.Module, homes: dict[str, ast.stmt], main: ast.FunctionDef) -> str | None:
    """The text of a function and of all it needs, in the order of the module; None where that is not allowed."""
    needed: dict[ast.stmt, set[str]] = {main: set()}
    waiting: list[ast.stmt] = [main]
    while waiting:
        for name in cut.unknown(plain(waiting.pop())):
            home = homes.get(name)
            if home is None:
                return None
            if home not in needed:
                waiting.append(home)
            needed.setdefault(home, set()).add(name)
    if len(needed) > PARTS or not all(harmless(node) for node in needed):
        return None
    return text_of(source, [(node, needed[node]) for node in tree.body if node in needed])


def plain(node: ast.stmt) -> ast.AST:
    """A statement as others depend on it: an import needs nothing."""
    return ast.Pass() if isinstance(node, (ast.Import, ast.ImportFrom)) else node


def harmless(node: ast.stmt) -> bool:
    """Whether a statement neither reaches outside nor gives another result on another day."""
    if isinstance(node, ast.Import):
        return all(each.name in ALLOWED for each in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.level == 0 and (node.module or "").split(".")[0] in ALLOWED
    for each in ast.walk(node):
        if isinstance(each, ast.Global | ast.Nonlocal | ast.Await | ast.AsyncFunctionDef | ast.Import | ast.ImportFrom):
            return False
        if isinstance(each, ast.Name) and each.id in FORBIDDEN:
            return False
        if isinstance(each, ast.Attribute) and (each.attr.startswith("__") or each.attr in CLOCKS):
            return False
    return True


def text_of(source: str, needed: list[tuple[ast.stmt, set[str]]]) -> str | None:
    """Imports first, then constants and definitions, as a module of at most LINES lines."""
    imports, parts = [], []
    for node, names in needed:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(trimmed(node, names))
        elif isinstance(node, cut.Definition):
            if node.decorator_list:
                return None
            parts.append("\n\n" + cut.cut(source, node).rstrip())
        else:
            parts.append(ast.get_source_segment(source, node) or "")
    head = "\n".join(sorted(imports))
    body = "\n".join(parts)
    text = (
        (head + "\n\n" if head and not body.startswith("\n\n") else head + "\n" if head else "")
        + body.strip("\n" if not head else "")
        + "\n"
    )
    lines = text.split("\n")
    fits = len(lines) <= LINES and max(map(len, lines)) <= cut.WIDTH and text.isascii() and "\t" not in text
    return text if fits else None


def trimmed(node: ast.Import | ast.ImportFrom, names: set[str]) -> str:
    """An import of the needed names alone."""
    used = [each for each in node.names if (each.asname or each.name).split(".")[0] in names]
    listed = ", ".join(f"{each.name} as {each.asname}" if each.asname else each.name for each in used)
    return f"from {node.module} import {listed}" if isinstance(node, ast.ImportFrom) else f"import {listed}"
