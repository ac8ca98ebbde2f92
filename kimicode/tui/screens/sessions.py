"""Choosing an earlier session: this folder's first, those of all folders with Tab; renaming and deleting."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.widgets import Input, Static

from kimicode.errors import KimicodeError
from kimicode.sessions.catalog import SessionInfo, list_sessions
from kimicode.sessions.removal import remove_session
from kimicode.sessions.titles import rename, tidy
from kimicode.tui.actions import bindings
from kimicode.tui.palette import Look
from kimicode.tui.screens.picker import Picker
from kimicode.tui.widgets.rows import Row

_DAY = 86_400
_UNITS = (("d", _DAY), ("h", 3_600), ("min", 60))


def age(then: float, now: float) -> str:
    """How long ago a moment was (both in Unix seconds), as short as can be; after a week its date."""
    if now - then >= 7 * _DAY:
        return f"{datetime.fromtimestamp(then):%Y-%m-%d}"
    unit, size = next(((unit, size) for unit, size in _UNITS if now - then >= size), ("", 0))
    return f"{int((now - then) / size)} {unit}" if unit else "now"


class SessionPicker(Picker):
    """Ends with the id of the chosen session; `present` is that of the open one."""

    HINT = (
        "{picker.choose} opens · {sessions.everywhere} all folders · {sessions.rename} renames · "
        "{sessions.delete} deletes · {screen.close} closes"
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings("sessions")

    def __init__(self, folder: Path, present: str, look: Look) -> None:
        super().__init__("Sessions of this folder", (), look)
        self._places = {str(folder), str(folder.resolve())}
        self._present = present
        self._sessions: list[SessionInfo] = []
        self._everywhere = False
        self._doomed = ""
        """The session that the next Ctrl-D deletes."""
        self._renaming: SessionInfo | None = None
        self._sought = ""

    def on_mount(self) -> None:
        self.tell("Reading the sessions …")
        self._read()

    @work(thread=True, group="sessions")
    def _read(self) -> None:
        try:
            sessions = list_sessions()
        except KimicodeError as error:
            self.app.call_from_thread(self.tell, str(error))
        else:
            self.app.call_from_thread(self._learn, sessions)

    def _learn(self, sessions: Sequence[SessionInfo]) -> None:
        self._sessions = [each for each in sessions if each.prompt or each.id == self._present]
        self._everywhere = not any(each.cwd in self._places for each in self._sessions)
        self._offer()

    def _offer(self) -> None:
        now = time.time()
        where = "all folders" if self._everywhere else "this folder"
        self.query_one("#heading", Static).update(f"Sessions of {where}")
        shown = [each for each in self._sessions if self._everywhere or each.cwd in self._places]
        self.offer([self._row(each, now) for each in shown])
        if not self._sessions:
            self.tell("No session yet")

    def _row(self, info: SessionInfo, now: float) -> Row:
        price = "" if not info.price else f"${info.price:.2f}"
        title = info.title or "(nothing asked yet)"
        cells: tuple[str, ...] = (title, age(info.updated, now), f"{info.steps} steps", price)
        if self._everywhere:
            cells = (*cells, Path(info.cwd).name)
        return Row(info.id, cells, marked=info.id == self._present, warns=info.id == self._doomed)

    def _chosen(self) -> SessionInfo | None:
        row = self.rows.chosen
        return next((each for each in self._sessions if row and each.id == row.value), None)

    def action_everywhere(self) -> None:
        self._everywhere = not self._everywhere
        self._offer()

    def action_delete(self) -> None:
        info = self._chosen()
        if info is None:
            return
        if self._doomed != info.id:
            self._doomed = info.id
            self._offer()
            self.tell(f"{self.hint.key_of('sessions.delete')} again deletes it for good")
            return
        self._doomed = ""
        try:
            remove_session(info.folder)
        except KimicodeError as error:
            self.tell(str(error))
            return
        self._sessions.remove(info)
        self._offer()

    def action_rename(self) -> None:
        self._renaming = self._chosen()
        if self._renaming:
            field = self.query_one(Input)
            self._sought, field.placeholder, field.value = field.value, "New title", ""
            self.hint.guide("{picker.choose} renames · {screen.close} leaves it")

    def action_choose(self) -> None:
        if self._renaming is None:
            super().action_choose()
        else:
            self._rename(self._renaming, tidy(self.query_one(Input).value))

    def _rename(self, info: SessionInfo, title: str) -> None:
        self._stop_renaming()
        if title:
            try:
                rename(info.folder, title)
            except KimicodeError as error:
                self.tell(str(error))
                return
            self._sessions[self._sessions.index(info)] = replace(info, name=title)
            self._offer()

    def _stop_renaming(self) -> None:
        self._renaming = None
        field = self.query_one(Input)
        field.placeholder, field.value = "Search", self._sought
        self.hint.guide(self.HINT)

    def _narrow(self, chosen: str) -> None:
        if self._renaming is None:
            super()._narrow(chosen)

    def action_close(self) -> None:
        if self._renaming is not None:
            self._stop_renaming()
        else:
            super().action_close()
