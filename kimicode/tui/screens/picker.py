"""Choosing one of several rows, with a search that narrows them while it is typed."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from kimicode.tui.actions import bindings
from kimicode.tui.palette import Look
from kimicode.tui.screens.modal import Modal
from kimicode.tui.widgets.rows import Row, Rows

PAGE = 10
"""Rows that are gone up or down at once."""


class Picker(Modal[str]):
    """Ends with the value of the chosen row, or None."""

    HINT = "{picker.choose} chooses · type to search · {screen.close} closes"
    BINDINGS: ClassVar[list[BindingType]] = bindings("picker")

    def __init__(self, title: str, rows: Sequence[Row], look: Look) -> None:
        super().__init__(title, look)
        self._all = list(rows)

    def body(self) -> ComposeResult:
        yield Input(placeholder="Search", id="search")
        yield Rows(self.look.palette, self._all, id="rows")

    @property
    def rows(self) -> Rows:
        return self.query_one(Rows)

    def offer(self, rows: Sequence[Row]) -> None:
        """Offer other rows; the search and, where it is still there, the chosen row stay."""
        self._all = list(rows)
        chosen = self.rows.chosen
        self._narrow(chosen.value if chosen else "")

    def _narrow(self, chosen: str) -> None:
        words = self.query_one(Input).value.lower().split()
        found = [row for row in self._all if row.matches(words)]
        place = next((place for place, row in enumerate(found) if row.value == chosen), 0)
        self.rows.show(found, place)
        self.tell("" if found or not words else "Nothing matches")

    @on(Input.Changed, "#search")
    def _search(self) -> None:
        self._narrow("")

    def action_choose(self) -> None:
        if row := self.rows.chosen:
            self.dismiss(row.value)

    @on(Rows.Chosen)
    def _clicked(self, message: Rows.Chosen) -> None:
        self.dismiss(message.row.value)

    def action_previous(self) -> None:
        self.rows.move(-1)

    def action_next(self) -> None:
        self.rows.move(1)

    def action_page_up(self) -> None:
        self.rows.move(-PAGE)

    def action_page_down(self) -> None:
        self.rows.move(PAGE)
