"""Cuts functions and small classes out of modules, with docstrings of one line, each idea once."""

import ast
import builtins
import hashlib
import re
import textwrap
from collections.abc import Iterator
from functools import lru_cache

from nano_training.bugs.view import is_docstring

LEAST, MOST = 4, 40
"""Lines of a piece."""
WIDTH, CHARACTERS = 108, 1600
UNKNOWN = 4
"""Names that a reader must guess, at most."""
BUILTINS = frozenset(dir(builtins))
Definition = ast.FunctionDef | ast.ClassDef


def pieces(source: str) -> Iterator[tuple[str, str]]:
    """(name, text) of what can be read alone: functions, small classes, methods. Raises SyntaxError, ValueError."""
    tree = ast.parse(source)
    methods = [each for node in tree.body if isinstance(node, ast.ClassDef) for each in node.body]
    for node in [*tree.body, *methods]:
        if isinstance(node, Definition) and LEAST <= length(node) <= 3 * MOST:
            text = textwrap.dedent(cut(source, node)) if node.col_offset else cut(source, node)
            if readable(text):
                yield node.name, text


def length(node: ast.stmt) -> int:
    """Lines of a statement."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def cut(source: str, node: Definition) -> str:
    """A definition's text without decorators; docstrings keep their first line."""
    first = node.lineno
    lines = list(lines_of(source)[first - 1 : node.end_lineno])
    drop: set[int] = set()
    for each in ast.walk(node):
        top = each.body[0] if isinstance(each, Definition | ast.AsyncFunctionDef) else None
        if top is not None and is_docstring(top) and isinstance(top, ast.Expr):
            shorten(lines, top, first, drop)
    return "\n".join(line for number, line in enumerate(lines, first) if number not in drop).rstrip() + "\n"


@lru_cache(16)
def lines_of(source: str) -> tuple[str, ...]:
    """A source's lines, split once."""
    return tuple(source.split("\n"))


def shorten(lines: list[str], docstring: ast.Expr, first: int, drop: set[int]) -> None:
    """Puts the first line of a docstring in its place, and marks the others; `first` is where the lines begin."""
    assert isinstance(docstring.value, ast.Constant)
    text = str(docstring.value.value).split(">>>")[0].strip()
    said = re.sub(r"\s+", " ", text.split("\n\n")[0]).replace("\\", "").replace('"', "'")
    said = said if len(said) <= 80 else said.split(". ")[0][:80].rsplit(" ", 1)[0]
    if not said:
        drop.add(docstring.lineno)
    lines[docstring.lineno - first] = f'{" " * docstring.col_offset}"""{said}"""'
    drop.update(range(docstring.lineno + 1, (docstring.end_lineno or docstring.lineno) + 1))


def readable(text: str) -> bool:
    """Whether a piece is short, plain, and mostly explains itself."""
    lines = text.split("\n")
    if not LEAST <= len(lines) - 1 <= MOST or len(text) > CHARACTERS or max(map(len, lines)) > WIDTH:
        return False
    if not text.isascii() or "\t" in text or "\r" in text or "\f" in text:
        return False
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    statements = sum(isinstance(node, ast.stmt) and not is_docstring(node) for node in ast.walk(tree))
    return statements >= LEAST and len(unknown(tree)) <= UNKNOWN


def unknown(tree: ast.AST) -> set[str]:
    """Names that are used and neither built in nor bound anywhere in it."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return used - bound(tree) - BUILTINS


def bound(tree: ast.AST) -> set[str]:
    """Names that something in a tree binds."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, Definition | ast.AsyncFunctionDef)}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    return names | {(node.asname or node.name).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.alias)}


def idea(text: str) -> str:
    """The same for two pieces that differ in names, texts and docstrings alone."""
    tree = ast.parse(text)
    numbers: dict[str, str] = {}
    words = []
    said = {each for node in ast.walk(tree) if is_docstring(node) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if node in said:
            continue
        words.append(type(node).__name__)
        for name in ("id", "arg", "name", "attr"):
            value = getattr(node, name, None)
            if isinstance(value, str) and name != "attr":
                words.append(numbers.setdefault(value, str(len(numbers))))
            elif isinstance(value, str):
                words.append(value)
        if isinstance(node, ast.Constant) and not isinstance(node.value, str):
            words.append(repr(node.value))
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
