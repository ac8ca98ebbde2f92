"""A selection: two points in the document's text. It stays where it is while lines wrap anew and more text comes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kimicode.tui.transcript.document import BlockId
from kimicode.tui.transcript.layout import Layout, Row, Spot
from kimicode.tui.transcript.painting import index_at

_WORD = re.compile(r"[\w./~\-:@+%#]+|\s+|.")


class Point(NamedTuple):
    """A place between two characters of a block's text: `offset` counts those ahead of it. Points compare."""

    page: int
    block: int
    offset: int

    @property
    def id(self) -> BlockId:
        return BlockId(self.page, self.block)


@dataclass(frozen=True, slots=True)
class Selection:
    """From one point to another. What was first picked (a word, a line) stays within while it is dragged."""

    first: Point
    last: Point

    def __bool__(self) -> bool:
        return self.first < self.last

    def part(self, row: Row) -> tuple[int, int]:
        """The characters, from and to, of a row's text that are selected; one more than there are for its end."""
        if not self.first.id <= row.block.id <= self.last.id:
            return 0, 0
        size = len(row.line.text) + (not row.line.soft)
        start = self.first.offset - row.offset if self.first.id == row.block.id else 0
        end = self.last.offset - row.offset if self.last.id == row.block.id else size
        return max(0, min(start, size)), max(0, min(end, size))

    def joined(self, other: "Selection") -> "Selection":
        """The smallest selection that holds both."""
        return Selection(min(self.first, other.first), max(self.last, other.last))


def point_at(row: Row, cell: int) -> Point:
    return Point(*row.block.id, row.offset + index_at(row.line, cell))


def picked(layout: Layout, row: Row, cell: int, clicks: int) -> Selection:
    """What so many clicks at a cell pick: a place between characters, the word there, the whole logical line."""
    point = point_at(row, cell)
    if clicks == 1:
        return Selection(point, point)
    if clicks == 2:
        return _word(row, index_at(row.line, cell))
    return _line(layout, row)


def text_of(layout: Layout, selection: Selection) -> str:
    """The selected text: no gutters, and no breaks where lines were only wrapped."""
    return "".join(_pieces(layout, selection))


def _pieces(layout: Layout, selection: Selection) -> Iterator[str]:
    for row in layout.forward(Spot(*selection.first.id)):
        if row.block.id > selection.last.id:
            return
        start, end = selection.part(row)
        yield (row.line.text + ("" if row.line.soft else "\n"))[start:end]


def _word(row: Row, index: int) -> Selection:
    start, end = index, index
    for word in _WORD.finditer(row.line.text):
        if word.start() <= index < word.end():
            start, end = word.span()
    return Selection(Point(*row.block.id, row.offset + start), Point(*row.block.id, row.offset + end))


def _line(layout: Layout, row: Row) -> Selection:
    laid = layout.laid(row.block)
    first = last = min(row.spot.line, len(laid.lines) - 1)
    while first > 0 and laid.lines[first - 1].soft:
        first -= 1
    while laid.lines[last].soft and last + 1 < len(laid.lines):
        last += 1
    end = laid.offsets[last] + len(laid.lines[last].text)
    return Selection(Point(*row.block.id, laid.offsets[first]), Point(*row.block.id, end))
