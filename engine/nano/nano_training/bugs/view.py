"""A Python source, its syntax tree and where each node stands in the text: what the operators read.

Docstrings, annotations, decorators, f-strings and what runs only as a script are left out."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.While

LEFT_OUT = frozenset({"annotation", "returns", "decorator_list", "type_comment", "bases"})
"""Fields of nodes that no bug is put into."""


@dataclass(frozen=True, slots=True)
class Change:
    """A span of a source, in characters, and the text that takes its place."""

    kind: str
    start: int
    end: int
    text: str


class View:
    """One source, read once. Raises SyntaxError where it is no Python."""

    __slots__ = ("_functions", "_nodes", "_parents", "_starts", "lines", "source", "tree")

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = ast.parse(source)
        self.lines = source.split("\n")
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._nodes: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        self._parents: dict[ast.AST, ast.AST] = {}
        self._functions: dict[ast.AST, Function | None] = {}
        self._read(self.tree)

    def _read(self, node: ast.AST) -> None:
        self._nodes[type(node)].append(node)
        if isinstance(node, ast.JoinedStr):
            return
        for field, value in ast.iter_fields(node):
            if field in LEFT_OUT:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not is_docstring(child) and not is_script(child):
                    self._parents[child] = node
                    self._read(child)

    def nodes(self, *kinds: type[Node]) -> Iterator[Node]:
        """All nodes of exactly these kinds, in the order of the text within one kind."""
        for kind in kinds:
            yield from self._nodes[kind]  # type: ignore[misc]

    def parent(self, node: ast.AST) -> ast.AST:
        """The node above; the module is its own."""
        return self._parents.get(node, self.tree)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes above, nearest first, without the module."""
        while (node := self.parent(node)) is not self.tree:
            yield node

    def function(self, node: ast.AST) -> Function | None:
        """The innermost function around node."""
        if node not in self._functions:
            above = self.parent(node)
            found = above if isinstance(above, Function) else None
            self._functions[node] = found if found or above is self.tree else self.function(above)
        return self._functions[node]

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class around node."""
        return next((each for each in self.above(node) if isinstance(each, ast.ClassDef)), None)

    def loop(self, node: ast.AST) -> Loop | None:
        """The innermost loop around node within its function."""
        for each in self.above(node):
            if isinstance(each, Function):
                return None
            if isinstance(each, Loop):
                return each
        return None

    def body(self, statement: ast.stmt) -> list[ast.stmt]:
        """The block in which a statement stands."""
        parent = self.parent(statement)
        for _, value in ast.iter_fields(parent):
            if isinstance(value, list) and statement in value:
                return value
        return [statement]

    def line_start(self, line: int) -> int:
        """Offset of the first character of a line, counted from 1."""
        return self._starts[min(line, len(self._starts)) - 1]

    def offset(self, line: int, column: int) -> int:
        """Offset in characters of what the tree gives as a line and a column in bytes."""
        text = self.lines[line - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode())
        return self._starts[line - 1] + column

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.excepthandler) -> tuple[int, int]:
        """Where a node's text begins and ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword) -> str:
        """A node's own text, without parentheses around it."""
        start, end = self.span(node)
        return self.source[start:end]

    def replaced(self, kind: str, node: ast.expr | ast.stmt, text: str) -> Change:
        """Another text in place of a node's."""
        return Change(kind, *self.span(node), text)

    def block(self, statement: ast.stmt) -> str:
        """A statement's whole lines, without the last one's end."""
        return "\n".join(self.lines[statement.lineno - 1 : statement.end_lineno])

    def indent(self, statement: ast.stmt) -> str:
        """The white space before a statement."""
        return " " * statement.col_offset

    def owns_lines(self, statement: ast.stmt) -> bool:
        """Whether nothing else stands on a statement's lines."""
        assert statement.end_lineno is not None
        start, end = self.span(statement)
        before = self.source[self.line_start(statement.lineno) : start]
        after = self.source[end : self.line_start(statement.end_lineno + 1) - 1]
        return not before.strip() and (not after.strip() or after.strip().startswith("#"))


def is_docstring(node: ast.AST) -> bool:
    """Whether a statement is a text alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_script(node: ast.AST) -> bool:
    """Whether a statement is the `if __name__ == "__main__"` of a module."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Name)
        and node.test.left.id == "__name__"
    )


def called(node: ast.AST) -> str:
    """The bare name that a call calls, or ""."""
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
