"""Lines around the transcript: as high as what it shows, and not there when it shows nothing."""

from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from kimicode.tui.lines import Line
from kimicode.tui.palette import Look

EDGES = 2
"""Cells beside a panel. Until its size is known, its lines must not be wider than it will be: they would be cut."""


class Panel(Widget):
    """A subclass writes `lay_out`, and calls `renew` when its lines became others."""

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._look = look
        self._lines: list[Line] = []
        self._laid_out = 0
        self.display = False

    @property
    def look(self) -> Look:
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        self._look = look
        self.renew()

    def lay_out(self, width: int) -> list[Line]:
        """The lines for a width in cells; none hide the panel."""
        raise NotImplementedError

    def renew(self) -> None:
        """Lay out anew; only another height costs more than this panel's own cells."""
        before = len(self._lines)
        self._laid_out = self.size.width or (self.app.size.width if self.is_attached else 80) - EDGES
        self._lines = self.lay_out(self._laid_out)
        self.display = bool(self._lines)
        self.refresh(layout=len(self._lines) != before)

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._laid_out:
            self.renew()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        style = self.rich_style
        if y >= len(self._lines):
            return Strip.blank(self.size.width, style)
        return self._lines[y].strip.apply_style(style).adjust_cell_length(self.size.width, style)
