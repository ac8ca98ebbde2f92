"""Styles laid over parts of a line: what is selected, what was found, where the cursor is, and the scrollbar."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from kimicode.tui.lines import Line
from kimicode.tui.text import cells


class Stroke(NamedTuple):
    """Cells from and to, and the style that wins there."""

    start: int
    end: int
    style: Style


def cell_of(line: Line, index: int) -> int:
    """The cell at which a character of the line's text is painted."""
    return line.gutter + cells.width(line.text[:index])


def index_at(line: Line, cell: int) -> int:
    """The character of the line's text that is painted at a cell, or the nearest."""
    cell -= line.gutter
    if line.text.isascii():
        return max(0, min(cell, len(line.text)))
    for start, _, size in cells.graphemes(line.text):
        if cell < size:
            return start
        cell -= size
    return len(line.text)


def painted(strip: Strip, strokes: Iterable[Stroke]) -> Strip:
    """The strip with each stroke laid over it, later ones over earlier ones."""
    for start, end, style in strokes:
        start, end = max(0, start), min(end, strip.cell_length)
        if start < end:
            middle = strip.crop(start, end)
            over = [Segment(text, (own or Style.null()) + style) for text, own, _ in middle]
            strip = Strip([*strip.crop(0, start), *over, *strip.crop(end)], strip.cell_length)
    return strip


def thumb(top: int, rows: int, total: int) -> range:
    """The rows of a scrollbar of `rows` cells that are its thumb; none where everything is on the screen."""
    if total <= rows or rows < 1:
        return range(0)
    size = max(1, rows * rows // total)
    room = rows - size
    start = round(room * top / (total - rows))
    # at the very ends only when there is nothing beyond
    start = max(start, 1) if top > 0 and room > 1 else start
    start = min(start, room - 1) if top < total - rows and room > 1 else start
    return range(max(0, min(start, room)), max(0, min(start, room)) + size)


def style_at(strip: Strip, cell: int) -> Style | None:
    """The style with which a cell is painted."""
    for segment in strip:
        if cell < segment.cell_length:
            return segment.style
        cell -= segment.cell_length
    return None
