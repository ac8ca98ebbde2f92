"""The words that wait to be read, above the place where they are written: said into the work, or for another turn."""

from rich.segment import Segment
from textual.strip import Strip

from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.state import Queued
from kimicode.tui.text.cells import width as cell_width
from kimicode.tui.text.sanitise import one_line
from kimicode.tui.widgets.panel import Panel

MOST = 3


class QueuePanel(Panel):
    """One line each, the next one first."""

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(look, id=id)
        self._queue: tuple[Queued, ...] = ()
        self._held = False
        self._steered: tuple[str, ...] = ()

    def show(self, queue: tuple[Queued, ...], held: bool, steered: tuple[str, ...] = ()) -> None:
        """`held`: they are not sent before the person says something. `steered` is read before all of them."""
        if (queue, held, steered) != (self._queue, self._held, self._steered):
            self._queue, self._held, self._steered = queue, held, steered
            self.renew()

    def lay_out(self, width: int) -> list[Line]:
        return [*self._said(width), *self._waiting(width)]

    def _said(self, width: int) -> list[Line]:
        if not self._steered:
            return []
        more = f", {len(self._steered) - MOST} more" if len(self._steered) > MOST else ""
        mark = "> " if self.look.ascii else "» "
        head = self._head(f"Said{more} (read at the next step)", width)
        return [head, *(self._line(mark, text, width) for text in self._steered[:MOST])]

    def _waiting(self, width: int) -> list[Line]:
        if not self._queue:
            return []
        more = f", {len(self._queue) - MOST} more" if len(self._queue) > MOST else ""
        what = "held until you send something" if self._held else "waits for the turn to end"
        whole = f"Queued{more} ({what}; Up takes the last one back)"
        short = f"Queued{more} ({what.partition(' ')[0]}; Up takes it back)"
        lines = [self._head(whole if cell_width(whole) <= width else short, width)]
        mark = "> " if self.look.ascii else "› "
        for queued in self._queue[:MOST]:
            pictures = f" [{len(queued.images)} image{'s' * (len(queued.images) > 1)}]" if queued.images else ""
            lines.append(self._line(mark, queued.text + pictures, width))
        return lines

    def _head(self, text: str, width: int) -> Line:
        head = one_line(text, width)
        return Line(Strip([Segment(head, self.look.palette.muted)]), head)

    def _line(self, mark: str, words: str, width: int) -> Line:
        text = one_line(words, max(1, width - len(mark)))
        strip = Strip([Segment(mark, self.look.palette.muted), Segment(text, self.look.palette.prompt)])
        return Line(strip.crop(0, width), text, gutter=len(mark))
