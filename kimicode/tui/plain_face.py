"""The commands' view of the plain prompt: what is a screen elsewhere is text here, and a choice is a number."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kimicode import paths
from kimicode.sessions.catalog import list_sessions
from kimicode.tui.changes import changes_of
from kimicode.tui.commands.face import Face
from kimicode.tui.commands.table import Table
from kimicode.tui.keys import KeyMap
from kimicode.tui.plain_events import EventLines
from kimicode.tui.widgets.rows import Row

if TYPE_CHECKING:
    from kimicode.tui.conversation import Conversation

_MOST = 20


class PlainFace:
    """Implements `Face`. `ask` writes a question and waits for a line; None where there are no more lines."""

    def __init__(
        self,
        lines: EventLines,
        commands: Table,
        ask: Callable[[str], Awaitable[str | None]],
        open_other: Callable[[str], Awaitable[None]],
        doctor: Callable[[], str],
        leave: Callable[[], None],
    ) -> None:
        self._lines = lines
        self._commands = commands
        self._ask = ask
        self._open = open_other
        self._doctor = doctor
        self._leave = leave
        self.present: Conversation | None = None
        self.folder = Path()
        self.keys = KeyMap.default()

    @property
    def conversation(self) -> "Conversation":
        assert self.present is not None
        return self.present

    def note(self, level: Literal["info", "warning", "error"], text: str) -> None:
        self._lines.line(text if level == "info" else f"{level}: {text}")

    def read(self, title: str, markdown: str) -> None:
        self._lines.line(f"{title}\n{markdown}")

    async def pick(self, title: str, rows: Sequence[Row]) -> str | None:
        numbered = [f"{number:>3}  {'  '.join(row.cells)}" for number, row in enumerate(rows, 1)]
        typed = await self._ask("\n".join([title, *numbered, "Number, or Enter for none:"]))
        if typed and typed.strip().isdecimal() and 1 <= int(typed) <= len(rows):
            return rows[int(typed) - 1].value
        return None

    async def pick_session(self) -> str | None:
        sessions = await asyncio.to_thread(list_sessions, self.folder, _MOST)
        rows = [Row(info.id, (info.id, f"{info.steps} steps", info.title)) for info in sessions if info.prompt]
        return await self.pick("Sessions of this folder", rows) if rows else None

    async def pick_theme(self) -> str | None:
        self.note("info", "There are no colours here.")
        return None

    def wear(self, theme: str) -> None:
        """Nothing to do without colours."""

    def show_help(self, topic: str) -> None:
        from kimicode.tui.screens.help import documents

        known = documents()
        if topic in known:
            self._lines.line(known[topic])
            return
        rows = [f"{usage:<34} {summary}" for usage, summary in self._commands.usages()]
        self._lines.line("\n".join([*rows, "", f"/help TOPIC: {', '.join(known)}", "Ctrl-C interrupts, Ctrl-D ends."]))

    async def show_changes(self, *, turn: bool) -> None:
        session = paths.sessions_dir() / self.conversation.state.session_id
        changes = await asyncio.to_thread(changes_of, session)
        for file in changes.of_turn() if turn else changes.of_session():
            self._lines.line("\n".join([f"{file.path} +{file.added} -{file.removed}", *(d.text for d in file.diffs)]))

    def show_context(self) -> None:
        context = self.conversation.past.context()
        parts = [f"  {share.tokens:>9,}  {share.name}" for share in context.shares]
        self._lines.line("\n".join([f"{context.used:,} of {context.window:,} tokens", *parts]))

    def show_tasks(self) -> None:
        jobs = self.conversation.jobs()
        rows = [f"{job.id}  {'running' if job.exit_code is None else job.exit_code}  {job.command}" for job in jobs]
        self._lines.line("\n".join(rows) or "Nothing runs in the background.")

    def show_plan(self) -> None:
        steps = [f"  {step.state}: {step.title}" for step in self.conversation.state.plan]
        self._lines.line("\n".join(steps) or "There is no plan.")

    def write(self, text: str) -> None:
        self._lines.line(f"The prompt was:\n{text}")

    def copy(self, text: str) -> None:
        self._lines.line(text)

    def answer(self) -> str:
        return self._lines.answer

    async def open(self, session: str) -> None:
        await self._open(session)

    async def doctor(self) -> str:
        return await asyncio.to_thread(self._doctor)

    def leave(self) -> None:
        self._leave()


if TYPE_CHECKING:

    def _conforms(face: PlainFace) -> Face:
        return face
