"""What is shown when a worker of the interface failed: everything typed and recorded is safe, and how to go on."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from kimicode.tui.actions import bindings
from kimicode.tui.crash import Crash
from kimicode.tui.palette import Look
from kimicode.tui.screens.modal import Modal
from kimicode.tui.text.sanitise import visible


class CrashScreen(Modal[bool]):
    """Ends with True where the person wants to leave."""

    HINT = "{screen.close} stays, at your own risk · {crash.leave} leaves"
    BINDINGS: ClassVar[list[BindingType]] = bindings("crash")

    def __init__(self, crash: Crash, look: Look) -> None:
        super().__init__("Something broke", look)
        self._crash = crash

    def body(self) -> ComposeResult:
        yield Static(visible(self._crash.text), id="text", markup=False)

    def action_leave(self) -> None:
        self.dismiss(True)
