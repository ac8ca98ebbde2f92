"""The line in which the transcript is searched."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from kimicode.tui.actions import bindings
from kimicode.tui.widgets.hint import first_key, fitted

KEYS = "Search · {search.earlier} earlier · {search.later} later · {search.close} closes"


class SearchBar(Input):
    """Hidden until `open`. Enter and the arrow keys go from match to match, Esc ends the search."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("search")

    class Sought(Message):
        """Look for this, from where the search stands; "" ends it."""

        def __init__(self, text: str, backwards: bool) -> None:
            super().__init__()
            self.text = text
            self.backwards = backwards

    class Closed(Message):
        """The search is over."""

    def __init__(self) -> None:
        super().__init__(placeholder="Search")
        self.display = False

    def open(self) -> None:
        """Show it and take the keys."""
        self.display = True
        self.focus()
        self.call_after_refresh(self._name_keys)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Sought(self.value, True))

    def _name_keys(self) -> None:
        self.placeholder = fitted(KEYS, self.size.width, partial(first_key, self.screen))

    def action_earlier(self) -> None:
        """To the match before."""
        self.post_message(self.Sought(self.value, True))

    def action_later(self) -> None:
        """To the match after."""
        self.post_message(self.Sought(self.value, False))

    def action_close(self) -> None:
        """End the search; the transcript stays where it is."""
        self.display = False
        self.value = ""
        self.post_message(self.Closed())
