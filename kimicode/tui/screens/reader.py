"""One text to read, over the transcript."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from kimicode.tui.actions import bindings
from kimicode.tui.palette import Look
from kimicode.tui.screens.modal import Modal
from kimicode.tui.widgets.pane import Layout, Pane


class Reader(Modal[str]):
    """Shows the lines of a layout; the keys of a pager work."""

    HINT = "{reader.line_up}{reader.line_down} {reader.page_up} {reader.page_down} scroll · {screen.close} closes"
    BINDINGS: ClassVar[list[BindingType]] = bindings("reader")

    def __init__(self, title: str, layout: Layout, look: Look) -> None:
        super().__init__(title, look)
        self._layout = layout

    def body(self) -> ComposeResult:
        yield Pane(self._layout, id="pane")

    @property
    def pane(self) -> Pane:
        return self.query_one(Pane)

    def action_line_up(self) -> None:
        self.pane.scroll_relative(y=-1, animate=False)

    def action_line_down(self) -> None:
        self.pane.scroll_relative(y=1, animate=False)

    def action_page_up(self) -> None:
        self.pane.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        self.pane.scroll_page_down(animate=False)

    def action_top(self) -> None:
        self.pane.scroll_home(animate=False)

    def action_end(self) -> None:
        self.pane.scroll_end(animate=False)
