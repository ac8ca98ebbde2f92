"""Texts edited at the places of syntax nodes, so that all else stays as it was written."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Splice:
    """What stands in the place of some bytes of a text."""

    start: int
    end: int
    text: str


class Parsed:
    """A source with its tree, and where a node stands in its bytes. Raises SyntaxError."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.data = source.encode()
        self.tree = ast.parse(source)
        self.nodes = tuple(ast.walk(self.tree))
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends, in bytes."""
        assert isinstance(node, ast.expr | ast.stmt | ast.arg | ast.keyword | ast.ExceptHandler | ast.alias)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        """A node as it is written."""
        start, end = self.span(node)
        return self.data[start:end].decode()

    def lines(self, node: ast.stmt) -> tuple[int, int]:
        """The whole lines of a statement, in bytes, its decorators and its end of line included."""
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(one.lineno for one in decorators)])
        assert node.end_lineno is not None
        return self.starts[first - 1], self.starts[node.end_lineno]

    def replace(self, node: ast.AST, text: str) -> Splice:
        """A node's text replaced."""
        return Splice(*self.span(node), text)

    def spliced(self, splices: Iterable[Splice]) -> str:
        """The source after the splices; of two that overlap the one that begins first counts."""
        pieces, at = [], 0
        for splice in sorted(splices, key=lambda one: (one.start, -one.end)):
            if splice.start >= at:
                pieces += [self.data[at : splice.start], splice.text.encode()]
                at = splice.end
        return b"".join([*pieces, self.data[at:]]).decode()


@lru_cache(4096)
def read(source: str) -> Parsed:
    """A source parsed, or as it was parsed before; nobody changes its tree. Raises SyntaxError."""
    return Parsed(source)
