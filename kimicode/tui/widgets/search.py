"""The line in which the transcript is searched."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class SearchBar(Input):
    """Hidden until `open`. Enter and the arrow keys go from match to match, Esc ends the search."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,shift+enter", "step(True)", "Earlier", show=False),
        Binding("down", "step(False)", "Later", show=False),
        Binding("escape,ctrl+c", "close", "Close", show=False, priority=True),
    ]

    class Sought(Message):
        """Look for this, from where the search stands; "" ends it."""

        def __init__(self, text: str, backwards: bool) -> None:
            super().__init__()
            self.text = text
            self.backwards = backwards

    class Closed(Message):
        """The search is over."""

    def __init__(self) -> None:
        super().__init__(placeholder="Search: Enter and ↑ earlier, ↓ later, Esc closes")
        self.display = False

    def open(self) -> None:
        """Show it and take the keys."""
        self.display = True
        self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Sought(self.value, True))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_step(True)

    def action_step(self, backwards: bool) -> None:
        """To the next match in that direction."""
        self.post_message(self.Sought(self.value, backwards))

    def action_close(self) -> None:
        """End the search; the transcript stays where it is."""
        self.display = False
        self.value = ""
        self.post_message(self.Closed())
