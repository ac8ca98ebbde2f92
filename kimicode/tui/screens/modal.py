"""What all screens over the transcript have in common: a frame with a title and a line of keys; Esc closes."""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from kimicode.tui.palette import Look
from kimicode.tui.text.sanitise import one_line

T = TypeVar("T")


class Modal(ModalScreen[T | None]):
    """A framed screen; a subclass says in `body` what is inside."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", id="screen.close")]
    CSS_PATH: ClassVar = "modal.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "*"
    HINT: ClassVar[str] = "Esc closes"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 - declared so by Textual

    def __init__(self, title: str, look: Look) -> None:
        super().__init__()
        self.heading = one_line(title)
        self.look = look

    def compose(self) -> ComposeResult:
        with Vertical(id="frame"):
            yield Static(self.heading, id="heading", markup=False)
            yield from self.body()
            yield Static(self.HINT, id="hint", markup=False)

    def body(self) -> ComposeResult:
        """The widgets between title and hint."""
        yield from ()

    def tell(self, text: str) -> None:
        """Say something in the line of keys; "" brings the keys back."""
        self.query_one("#hint", Static).update(one_line(text) or self.HINT)

    def action_close(self) -> None:
        self.dismiss(None)
