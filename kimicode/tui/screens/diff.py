"""What changed in the last turn or the session: the files on one side, the chosen one's diff on the other."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Static

from kimicode.tui.actions import bindings
from kimicode.tui.changes import Changes, FileDiffs
from kimicode.tui.content import Note
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.screens.browser import Browser, Entry
from kimicode.tui.text.diff import side_by_side, unified
from kimicode.tui.text.render import render
from kimicode.tui.widgets.rows import Row


class DiffScreen(Browser):
    """Starts with the whole session, or with the last turn only."""

    HINT = (
        "{browser.previous}{browser.next} file · {diff.span} turn or session · {diff.sides} side by side · "
        "{reader.page_up} {reader.page_down} scroll · {screen.close} closes"
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings("diff")

    def __init__(self, changes: Changes, look: Look, *, turn: bool = False) -> None:
        super().__init__("Changes", (), look)
        self._changes = changes
        self._turn = turn
        self._sides = False

    def on_mount(self) -> None:
        self._offer()

    def action_sides(self) -> None:
        self._sides = not self._sides
        self.set_class(self._sides, "-sides")  # the list goes above: two texts need the whole width
        self._offer()

    def action_span(self) -> None:
        self._turn = not self._turn
        self._offer()

    def _offer(self) -> None:
        files = self._changes.of_turn() if self._turn else self._changes.of_session()
        added, removed = sum(each.added for each in files), sum(each.removed for each in files)
        span = "the last turn" if self._turn else "this session"
        count = f"{len(files)} file{'s' * (len(files) != 1)} +{added} −{removed}" if files else "nothing"
        self.query_one("#heading", Static).update(f"Changed in {span}: {count}")
        self.offer([Entry(_row(each), partial(self._lines, each)) for each in files])

    def _lines(self, file: FileDiffs, width: int) -> list[Line]:
        lines: list[Line] = []
        for diff in file.diffs:
            if diff.text:
                lines += (side_by_side if self._sides else unified)(diff.text, width, self.look)
        if not lines:
            why = "This was changed by a command, or long ago: `git diff` shows it."
            return render(Note("info", why), width, self.look)
        return lines


def _row(file: FileDiffs) -> Row:
    return Row(file.path, (file.path, f"+{file.added} −{file.removed}"))
