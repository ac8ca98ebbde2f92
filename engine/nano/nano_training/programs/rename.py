"""Names changed all through a family's code and its examples."""

import ast
import builtins
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nano_training.programs.splice import Parsed, Splice, read

BUILT_IN = frozenset(name for kind in (list, dict, str, set, tuple, deque, int, bytes) for name in dir(kind))
"""Attributes that a renamed one could be mistaken for."""
IN_BRACES = re.compile(r"'[^']*'|\"[^\"]*\"|(?P<dot>\.?)\b(?P<name>[A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Names:
    """Whatever a family's code calls by a name of its own."""

    top: tuple[str, ...]
    """Functions, classes and constants of the module."""
    inner: tuple[str, ...]
    """Parameters and local variables."""
    attributes: tuple[str, ...]
    """Methods and attributes of its classes that nothing built in has."""
    all: frozenset[str]
    """Every identifier in it, of others as well."""


def names(source: str) -> Names:
    """What could be renamed in a family's code. What a class's body binds keeps its name."""
    parsed = read(source)
    top = [name for statement in parsed.tree.body for name in bound(statement)]
    bodies = [node.body for node in parsed.nodes if isinstance(node, ast.ClassDef)]
    methods = [one.name for body in bodies for one in body if isinstance(one, ast.FunctionDef)]
    kept = {name for body in bodies for one in body for name in bound(one)}
    inner, attributes, every = [], [], set(dir(builtins))
    for node in parsed.nodes:
        name = called(node)
        every |= {name, *bound(node)}
        if isinstance(node, ast.arg) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)):
            inner.append(name)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            inner.append(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            attributes.append(name)
    inner = [name for name in inner if name not in {*top, *kept, "self", "cls"}]
    attributes = [one for one in (*methods, *attributes) if one not in BUILT_IN and not one.startswith("__")]
    fixed = kept - set(methods)
    return Names(unique(top), unique(inner), unique([one for one in attributes if one not in fixed]), frozenset(every))


def unique(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


def bound(node: ast.AST) -> list[str]:
    """The names that a statement of a module or class binds, but for imports."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def called(node: ast.AST) -> str:
    """The one identifier that a node holds by itself, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.arg | ast.keyword):
        return node.arg or ""
    if isinstance(node, ast.alias):
        return node.asname or node.name
    return ""


@dataclass(frozen=True, slots=True)
class Renaming:
    """New names for old."""

    top: Mapping[str, str]
    inner: Mapping[str, str]
    attributes: Mapping[str, str]

    def code(self, source: str) -> str:
        """A family's code under the new names; docstrings follow where they name what is renamed."""
        parsed = read(source)
        return parsed.spliced(self.splices(parsed, {**self.top, **self.inner}))

    def example(self, text: str) -> str:
        """An example under the new names: its own variables stay."""
        parsed = read(text)
        return parsed.spliced(self.splices(parsed, self.top))

    def splices(self, parsed: Parsed, plain: Mapping[str, str]) -> Iterator[Splice]:
        docs = docstrings(parsed)
        parameters = {node.arg for node in parsed.nodes if isinstance(node, ast.arg)}
        spoken = {old: new for old, new in self.inner.items() if old in parameters}
        for node in parsed.nodes:
            if isinstance(node, ast.JoinedStr):
                yield parsed.replace(node, self.in_string(parsed.text(node), plain))
            elif isinstance(node, ast.Name) and node.id in plain:
                yield parsed.replace(node, plain[node.id])
            elif isinstance(node, ast.arg) and node.arg in plain:
                start, _ = parsed.span(node)
                yield Splice(start, start + len(node.arg), plain[node.arg])
            elif isinstance(node, ast.Attribute) and node.attr in self.attributes:
                _, end = parsed.span(node)
                yield Splice(end - len(node.attr), end, self.attributes[node.attr])
            elif isinstance(node, ast.Call):
                yield from self.keywords(parsed, node)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler | ast.Nonlocal | ast.Global):
                yield from self.header(parsed, node, plain)
            elif node in docs:
                yield parsed.replace(node, words(parsed.text(node), spoken))

    def keywords(self, parsed: Parsed, call: ast.Call) -> Iterator[Splice]:
        """A keyword is a parameter's name where one of the family's own is called."""
        name = called(call.func)
        if name in self.top or name in self.attributes or name == "cls":
            for keyword in call.keywords:
                if keyword.arg in self.inner:
                    start, _ = parsed.span(keyword)
                    yield Splice(start, start + len(keyword.arg or ""), self.inner[keyword.arg or ""])

    def header(self, parsed: Parsed, node: ast.AST, plain: Mapping[str, str]) -> Iterator[Splice]:
        """Names that are no nodes: they stand in the first line of their statement."""
        start, end = parsed.span(node)
        line = parsed.data[start:end].split(b"\n")[0].decode()
        new = {**plain, **self.attributes} if isinstance(node, ast.FunctionDef) else plain
        pattern = r"(?<=\bas )\w+" if isinstance(node, ast.ExceptHandler) else r"(?<=\bdef )\w+|(?<=\bclass )\w+"
        if isinstance(node, ast.Nonlocal | ast.Global):
            pattern = r"(?<= )\w+"
        for match in re.finditer(pattern, line):
            if match[0] in new:
                yield Splice(start + match.start(), start + match.end(), new[match[0]])

    def in_string(self, text: str, plain: Mapping[str, str]) -> str:
        """A formatted string, whose inner nodes have no true places before Python 3.12."""

        def renamed(match: re.Match[str]) -> str:
            name = match["name"]
            if name is None:
                return match[0]
            new = self.attributes if match["dot"] else plain
            return match["dot"] + new.get(name, name)

        def braces(match: re.Match[str]) -> str:
            expression, colon, format_spec = match[1].partition(":")
            return "{" + IN_BRACES.sub(renamed, expression) + colon + format_spec + "}"

        return re.sub(r"\{([^{}]*)\}", braces, text)


def docstrings(parsed: Parsed) -> set[ast.AST]:
    """The nodes that are docstrings."""
    found: set[ast.AST] = set()
    for node in parsed.nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node) is not None:
            first = node.body[0]
            assert isinstance(first, ast.Expr)
            found.add(first.value)
    return found


def words(text: str, new: Mapping[str, str]) -> str:
    """A text for people whose words follow the names that they mean."""
    return re.sub(r"\b[a-z]\w{2,}\b", lambda match: new.get(match[0], match[0]), text)
