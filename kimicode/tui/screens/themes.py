"""Choosing a theme: each is put on while the choice stands on it, and taken off again when nothing is chosen."""

from collections.abc import Callable

from textual import on

from kimicode.tui.palette import Look
from kimicode.tui.screens.picker import Picker
from kimicode.tui.themes import APPEARANCES, Appearance
from kimicode.tui.widgets.rows import Row, Rows


class ThemePicker(Picker):
    """`wear` puts an appearance on, without keeping it."""

    HINT = "{picker.previous}{picker.next} try · {picker.choose} keeps · {screen.close} takes it back"

    def __init__(self, present: str, look: Look, wear: Callable[[Appearance], None]) -> None:
        rows = [Row(name, (each.title, name), marked=name == present) for name, each in APPEARANCES.items()]
        super().__init__("Theme", rows, look)
        self._present = present
        self._wear = wear

    @on(Rows.Moved)
    def _try(self, message: Rows.Moved) -> None:
        if message.row is not None:
            appearance = APPEARANCES[message.row.value]
            self._wear(appearance)
            self.rows.paint(appearance.palette)

    def action_close(self) -> None:
        self._wear(APPEARANCES[self._present])
        super().action_close()
