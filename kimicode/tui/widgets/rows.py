"""A list of one-line rows in columns. Only what is visible is drawn, so a thousand rows cost what twenty do."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kimicode.tui.palette import Palette
from kimicode.tui.text.cells import crop, width
from kimicode.tui.text.sanitise import one_line

_GAP = 2
_NARROW = 24
"""Cells that the first column keeps; further columns are left out from the right before it becomes narrower."""


@dataclass(frozen=True, slots=True)
class Row:
    """One choice. `value` is what it stands for; the first cell takes what room the others leave.

    Whatever the cells hold, they are on one line and without control characters.
    """

    value: str
    cells: tuple[str, ...]
    marked: bool = False
    """Carries a mark: the present model, the session that is open."""
    warns: bool = False
    """Painted as a warning: about to be deleted."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", tuple(map(one_line, self.cells)))

    def matches(self, words: Sequence[str]) -> bool:
        """Whether each of the lower-case words stands somewhere in the row."""
        text = " ".join(self.cells).lower()
        return all(word in text for word in words)


class Rows(ScrollView, can_focus=False):
    """Rows of which one is chosen, by `move` or the mouse."""

    class Moved(Message):
        """Another row is the chosen one; None: there are none."""

        def __init__(self, row: Row | None) -> None:
            super().__init__()
            self.row = row

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self, palette: Palette, rows: Sequence[Row] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._palette = palette
        self._rows: Sequence[Row] = rows
        self._widths: tuple[int, ...] = ()
        self.index = 0
        self.show(rows, next((place for place, row in enumerate(rows) if row.marked), 0))

    @property
    def chosen(self) -> Row | None:
        return self._rows[self.index] if self._rows else None

    def paint(self, palette: Palette) -> None:
        """Use other colours."""
        self._palette = palette
        self.refresh()

    def show(self, rows: Sequence[Row], index: int = 0) -> None:
        """Show these rows, the one at `index` chosen."""
        self._rows = rows
        columns = max((len(row.cells) for row in rows), default=0)
        self._widths = tuple(
            max((width(row.cells[column]) for row in self._rows if column < len(row.cells)), default=0)
            for column in range(1, columns)
        )
        self.virtual_size = Size(0, len(rows))
        self.index = -1
        self._choose(index)
        self.refresh()

    def move(self, lines: int) -> None:
        """Choose another row, so many lines down (negative: up)."""
        self._choose(self.index + lines)

    def _choose(self, index: int) -> None:
        index = max(0, min(index, len(self._rows) - 1))
        if index != self.index:
            self.index = index
            if self.is_attached:
                self.scroll_to_region(Region(0, index, 1, 1), animate=False, immediate=True)
            self.refresh()
            self.post_message(self.Moved(self.chosen))

    def on_click(self, event: events.Click) -> None:
        place = round(self.scroll_y) + event.y
        if place < len(self._rows):
            self._choose(place)
            self.post_message(self.Chosen(self._rows[place]))

    def render_line(self, y: int) -> Strip:
        place = round(self.scroll_y) + y
        room = self.scrollable_content_region.width
        if place >= len(self._rows):
            return Strip.blank(room, self.rich_style)
        row = self._rows[place]
        style = self.rich_style + (self._palette.warning if row.warns else self._palette.text)
        muted = self.rich_style + self._palette.muted
        if place == self.index:
            style += self._palette.selection + Style(bold=True)
            muted = style
        mark = "› " if place == self.index else "● " if row.marked else "  "
        first, others = self._fitted(row, room - width(mark))
        segments = [Segment(mark + first, style), *(Segment(cell, muted) for cell in others)]
        return Strip(segments).adjust_cell_length(room, style)

    def _fitted(self, row: Row, room: int) -> tuple[str, list[str]]:
        """The cells, padded to their columns; those for which there is no room are left out."""
        shown = len(self._widths)
        while shown and room - sum(self._widths[:shown]) - _GAP * shown < _NARROW:
            shown -= 1
        rest = room - sum(self._widths[:shown]) - _GAP * shown
        first = crop(row.cells[0], max(1, rest))
        others = [
            " " * (_GAP + size - width(cell)) + cell
            for cell, size in zip(row.cells[1:], self._widths[:shown], strict=False)
        ]
        return first + " " * (rest - width(first)), others
