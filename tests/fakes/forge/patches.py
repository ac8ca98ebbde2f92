"""Geometry of patches, for the fakes alone: which lines a patch shows, and where a line went.

The product has its own reader of patches; that the two agree is part of what tests show.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Side = Literal["LEFT", "RIGHT"]
_HEAD = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Row:
    """A shown line: its numbers on both sides (0 where it is not), and its text."""

    kind: str
    left: int
    right: int
    text: str

    def number(self, side: Side) -> int:
        return self.left if side == "LEFT" else self.right


@dataclass(frozen=True, slots=True)
class Piece:
    """A hunk: its head as git prints it, the four numbers of it, and its lines."""

    head: str
    left: tuple[int, int]
    right: tuple[int, int]
    rows: tuple[Row, ...]

    def index(self, side: Side, line: int) -> int | None:
        """Which row of it is that line."""
        return next((i for i, row in enumerate(self.rows) if line and row.number(side) == line), None)


@lru_cache(maxsize=256)
def pieces(patch: str) -> tuple[Piece, ...]:
    """The hunks of one file's patch. Lines end at \\n alone: a \\r belongs to the text."""
    found: list[tuple[re.Match[str], list[str]]] = []
    for line in patch.split("\n"):
        head = _HEAD.match(line)
        if head:
            found.append((head, []))
        elif line[:1] in ("+", "-", " "):
            found[-1][1].append(line)
    return tuple(_piece(head, lines) for head, lines in found)


def _piece(head: re.Match[str], lines: list[str]) -> Piece:
    left, right = (int(head[1]), int(head[2] or 1)), (int(head[3]), int(head[4] or 1))
    old, new, rows = left[0], right[0], []
    for line in lines:
        kind = line[0]
        rows.append(Row(kind, 0 if kind == "+" else old, 0 if kind == "-" else new, line[1:]))
        old, new = old + (kind != "+"), new + (kind != "-")
    return Piece(head.string, left, right, tuple(rows))


def moved(bare_patch: str, line: int) -> int | None:
    """Where an old line stands on the new side of a patch without context, None if it was changed or deleted."""
    offset = 0
    for piece in pieces(bare_patch):
        (start, gone), (_, came) = piece.left, piece.right
        if gone and start <= line < start + gone:
            return None
        if line >= start + gone + (gone == 0):
            offset += came - gone
    return line + offset
