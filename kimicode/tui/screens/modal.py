"""What all screens over the transcript have in common: a frame with a title and a line of keys; Esc closes."""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from kimicode.tui.actions import bindings
from kimicode.tui.palette import Look
from kimicode.tui.text.sanitise import one_line
from kimicode.tui.widgets.hint import Hint

T = TypeVar("T")


class Modal(ModalScreen[T | None]):
    """A framed screen; a subclass says in `body` what is inside."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("screen")
    CSS_PATH: ClassVar = "modal.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "*"
    HINT: ClassVar[str] = "{screen.close} closes"
    """The keys that work here, as `widgets.hint` has it."""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 - declared so by Textual

    def __init__(self, title: str, look: Look) -> None:
        super().__init__()
        self.heading = one_line(title)
        self.look = look

    def compose(self) -> ComposeResult:
        with Vertical(id="frame"):
            yield Static(self.heading, id="heading", markup=False)
            yield from self.body()
            yield Hint(self.HINT, id="hint")

    def body(self) -> ComposeResult:
        """The widgets between title and hint."""
        yield from ()

    def tell(self, text: str) -> None:
        """Say something in the line of keys; "" brings the keys back."""
        self.hint.say(text)

    @property
    def hint(self) -> Hint:
        return self.query_one(Hint)

    def action_close(self) -> None:
        self.dismiss(None)
