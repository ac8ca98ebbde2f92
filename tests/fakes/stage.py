"""A bare app that shows one screen and keeps what it ended with."""

from pathlib import Path
from typing import Any

from textual.app import App
from textual.screen import ModalScreen

import kimicode.tui
from kimicode.tui.palette import Look
from kimicode.tui.themes import APPEARANCES

LOOK = Look(APPEARANCES["dark"].palette)


class Stage(App[None]):
    CSS_PATH = Path(kimicode.tui.__file__).parent / "app.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, shown: ModalScreen[Any]) -> None:
        super().__init__()
        self.shown = shown
        self.outcome: Any = "still open"

    def on_mount(self) -> None:
        self.push_screen(self.shown, self.keep)

    def keep(self, outcome: Any) -> None:
        self.outcome = outcome


def text_of(app: App[Any]) -> str:
    """What stands on the screen, line by line."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines[: app.size.height])
