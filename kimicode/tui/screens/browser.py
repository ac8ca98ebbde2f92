"""A list on one side and what the chosen entry holds on the other: help, changes, tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from kimicode.tui.actions import bindings
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.screens.reader import Reader
from kimicode.tui.widgets.pane import Layout
from kimicode.tui.widgets.rows import Row, Rows


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to look at."""

    row: Row
    layout: Layout


class Browser(Reader):
    """Up and Down go through the list, PgUp and PgDn through what is shown."""

    HINT = (
        "{browser.previous}{browser.next} choose · {reader.page_up} {reader.page_down} scroll · {screen.close} closes"
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings("browser")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-wide")]  # noqa: RUF012 - declared so by Textual

    def __init__(self, title: str, entries: Sequence[Entry], look: Look, first: str = "") -> None:
        super().__init__(title, _nothing, look)
        self.entries = list(entries)
        self._first = next((place for place, each in enumerate(entries) if each.row.value == first), 0)

    def body(self) -> ComposeResult:
        with Container(id="sides"):
            yield Rows(self.look.palette, id="list")
            yield from super().body()

    def on_mount(self) -> None:
        self.query_one(Rows).show([entry.row for entry in self.entries], self._first)
        self._show()

    def offer(self, entries: Sequence[Entry]) -> None:
        """Browse other entries; the place in the list stays."""
        self.entries = list(entries)
        rows = self.query_one(Rows)
        rows.show([entry.row for entry in self.entries], rows.index)
        self._show()

    @property
    def entry(self) -> Entry | None:
        place = self.query_one(Rows).index
        return self.entries[place] if place < len(self.entries) else None

    @on(Rows.Moved)
    def _show(self) -> None:
        entry = self.entry
        self.pane.show(entry.layout if entry else _nothing)

    def action_previous(self) -> None:
        self.query_one(Rows).move(-1)

    def action_next(self) -> None:
        self.query_one(Rows).move(1)


def _nothing(width: int) -> list[Line]:
    return []
