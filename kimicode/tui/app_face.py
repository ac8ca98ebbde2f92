"""The commands' view of the app: what they ask for becomes screens over the transcript."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from textual.screen import ModalScreen

from kimicode import paths
from kimicode.tui.commands.face import Face
from kimicode.tui.composing.draft import Draft
from kimicode.tui.content import Note
from kimicode.tui.keys import KeyMap
from kimicode.tui.widgets.rows import Row

if TYPE_CHECKING:
    from kimicode.tui.app import KimicodeApp
    from kimicode.tui.conversation import Conversation


class AppFace:
    """Implements `Face`. Screens are loaded when they are first asked for."""

    def __init__(self, app: "KimicodeApp") -> None:
        self._app = app

    @property
    def conversation(self) -> "Conversation":
        return self._app.desk.conversation

    @property
    def folder(self) -> Path:
        return self._app.desk.folder

    @property
    def keys(self) -> KeyMap:
        return self._app.key_map

    def note(self, level: Literal["info", "warning", "error"], text: str) -> None:
        self._app.desk.note(Note(level, text))

    def read(self, title: str, markdown: str) -> None:
        from kimicode.tui.screens.help import markdown_lines
        from kimicode.tui.screens.reader import Reader

        look = self._app.look
        self._show(Reader(title, lambda width: markdown_lines(markdown, look, width), look))

    async def pick(self, title: str, rows: Sequence[Row]) -> str | None:
        from kimicode.tui.screens.picker import Picker

        return await self._ask(Picker(title, rows, self._app.look))

    async def pick_session(self) -> str | None:
        from kimicode.tui.screens.sessions import SessionPicker

        return await self._ask(SessionPicker(self.folder, self._app.desk.session_id, self._app.look))

    async def pick_theme(self) -> str | None:
        from kimicode.tui.screens.themes import ThemePicker

        return await self._ask(ThemePicker(self._app.appearance.name, self._app.look, self._app.wear))

    def wear(self, theme: str) -> None:
        self._app.wear_theme(theme)

    def show_help(self, topic: str) -> None:
        from kimicode.tui.screens.help import help_screen

        self._show(help_screen(self._app.commands.usages(), self.keys, self._app.look, topic))

    async def show_changes(self, *, turn: bool) -> None:
        from kimicode.tui.changes import changes_of
        from kimicode.tui.screens.diff import DiffScreen

        session = paths.sessions_dir() / self._app.desk.session_id
        changes = await asyncio.to_thread(changes_of, session)
        self._show(DiffScreen(changes, self._app.look, turn=turn))

    def show_context(self) -> None:
        from kimicode.tui.screens.context import context_lines
        from kimicode.tui.screens.reader import Reader

        context, look = self.conversation.past.context(), self._app.look
        self._show(Reader("What fills the window", lambda width: context_lines(context, look, width), look))

    def show_tasks(self) -> None:
        from kimicode.tui.screens.tasks import TasksScreen

        self._show(TasksScreen(self.conversation, self._app.look))

    def show_plan(self) -> None:
        self._app.action_plan()

    def write(self, text: str) -> None:
        self._app.composer.load(Draft(text))

    def copy(self, text: str) -> None:
        self._app.copy(text)

    def answer(self) -> str:
        return self._app.transcript.copy_target()

    async def open(self, session: str) -> None:
        await self._app.desk.open(session)

    async def doctor(self) -> str:
        return await asyncio.to_thread(self._app.wanted.doctor)

    def leave(self) -> None:
        self._app.leave()

    def _show(self, screen: ModalScreen[Any]) -> None:
        self._app.push_screen(screen)

    async def _ask(self, screen: ModalScreen[str | None]) -> str | None:
        return await self._app.push_screen_wait(screen)


if TYPE_CHECKING:

    def _conforms(face: AppFace) -> Face:
        return face
