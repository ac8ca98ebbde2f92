"""One text to read, over the transcript."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kimicode.tui.palette import Look
from kimicode.tui.screens.modal import Modal
from kimicode.tui.widgets.pane import Layout, Pane


class Reader(Modal[str]):
    """Shows the lines of a layout; the keys of a pager work."""

    HINT = "↑↓ PgUp PgDn scroll · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "close", "Close", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("home", "edge(-1)", "Top", show=False),
        Binding("end", "edge(1)", "End", show=False),
    ]

    def __init__(self, title: str, layout: Layout, look: Look) -> None:
        super().__init__(title, look)
        self._layout = layout

    def body(self) -> ComposeResult:
        yield Pane(self._layout, id="pane")

    def action_scroll(self, lines: int) -> None:
        self.query_one(Pane).scroll_relative(y=lines, animate=False)

    def action_page(self, direction: int) -> None:
        pane = self.query_one(Pane)
        (pane.scroll_page_down if direction > 0 else pane.scroll_page_up)(animate=False)

    def action_edge(self, direction: int) -> None:
        pane = self.query_one(Pane)
        (pane.scroll_end if direction > 0 else pane.scroll_home)(animate=False)
