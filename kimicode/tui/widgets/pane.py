"""Lines to read: whatever makes lines for a width is shown, scrolled, and laid out anew when the width changes."""

from collections.abc import Callable

from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kimicode.tui.lines import Line

Layout = Callable[[int], list[Line]]
"""Lines for a width in cells."""


class Pane(ScrollView, can_focus=False):
    """Shows the lines of a layout; the screen around it has the keys."""

    def __init__(self, layout: Layout, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._make = layout
        self._lines: list[Line] = []
        self._width = 0

    def show(self, layout: Layout) -> None:
        """Show something else, from its beginning."""
        self._make = layout
        self._lay_out()
        self.scroll_home(animate=False)

    def on_resize(self, event: events.Resize) -> None:
        if self.scrollable_content_region.width != self._width:
            self._lay_out()

    def _lay_out(self) -> None:
        self._width = self.scrollable_content_region.width
        self._lines = self._make(self._width) if self._width > 0 else []
        self.virtual_size = Size(self._width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        place = round(self.scroll_y) + y
        room = self.scrollable_content_region.width
        if place >= len(self._lines):
            return Strip.blank(room, self.rich_style)
        return self._lines[place].strip.apply_style(self.rich_style).adjust_cell_length(room, self.rich_style)
