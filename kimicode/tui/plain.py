"""The interface as lines of text: a prompt in, text out. For dumb terminals, screen readers and pipes."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

from kimicode.agent.approval import Decision
from kimicode.agent.budget import INTERACTIVE
from kimicode.errors import ExitCode, KimicodeError
from kimicode.events import ApprovalRequested, Event, SessionStarted
from kimicode.tui.commands.table import Table
from kimicode.tui.conversation import Conversation
from kimicode.tui.opening import Beginning
from kimicode.tui.plain_events import EventLines, question
from kimicode.tui.plain_face import PlainFace
from kimicode.tui.state import State
from kimicode.tui.typed_lines import TypedLines
from kimicode.tui.wanted import PICK, Wanted

_YES, _NO = ("y", "yes"), ("n", "no", "")


def run_plain(wanted: Wanted) -> int:
    """Run it to its end and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **how: None)(errors="replace")
    return asyncio.run(Plain(wanted, sys.stdin.fileno()).run())


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class Plain:
    """One line at a time: an answer where something is asked, else a command or a prompt."""

    def __init__(self, wanted: Wanted, descriptor: int) -> None:
        self._wanted = wanted
        self._typed = TypedLines(descriptor)
        self._person = os.isatty(descriptor)
        self._lines = EventLines(_write)
        self._commands = Table()
        self._face = PlainFace(
            self._lines, self._commands, self._ask, self._open, wanted.doctor, lambda: self._over.set()
        )
        self._face.folder = wanted.folder
        self._over = asyncio.Event()
        self._idle = asyncio.Event()
        self._free = asyncio.Event()
        """Set while a line would be taken at once: nothing runs, or something is asked."""
        self._ended = False
        """There are no more lines, so nobody answers."""
        self._asked: tuple[ApprovalRequested, ...] = ()
        """Questions that no line has answered yet."""
        self._answered = ""
        self._phase = ""
        self._code = ExitCode.FINISHED

    async def run(self) -> int:
        """Until the lines end, or somebody leaves."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        self._typed.start()
        resume = self._wanted.resume
        if resume == PICK:
            resume = await self._face.pick_session() or ""
        await self._open(resume)
        reading = asyncio.create_task(self._read())
        leaving = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({reading, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            reading.cancel()
            leaving.cancel()
            self._typed.stop()
            await self._face.conversation.close()
        if self._person and self._face.conversation.state.title:
            _write(f"To go on: kimicode --resume {self._face.conversation.state.session_id}\n")
        return int(self._code)

    async def _open(self, session: str) -> None:
        if self._face.present is not None:
            await self._face.present.close()
        wanted = self._wanted
        beginning = Beginning(
            environ=wanted.environ,
            folder=wanted.folder if wanted.named or not session else None,
            flags={name: value for name, value in wanted.flags.items() if value is not None},
            limits=replace(INTERACTIVE, **wanted.limits),
            resume=session,
            delivery=wanted.delivery,
        )
        self._face.present = Conversation(beginning, self._tell, self._changed)
        self._face.present.open()

    # --- what is typed --------------------------------------------------------------------------------------

    async def _read(self) -> None:
        while (line := await self._next()) is not None:
            while line.endswith("\\") and (more := await self._typed.next()) is not None:
                line = f"{line[:-1]}\n{more}"
            await self._take(line)
        if not self._person:  # a pipe is at its end, the work is not
            self._ended = True
            self._deny(self._asked)
            await self._idle.wait()

    async def _next(self) -> str | None:
        """The next line; a pipe's lines are one prompt after the other, or answers where something is asked."""
        if not self._person:
            await self._free.wait()
        return await self._typed.next()

    async def _take(self, line: str) -> None:
        if self._asked:
            self._answer(self._asked[0], line.strip())
        elif line.startswith("!") and line[1:].strip():
            await self._tried(self._face.conversation.run_command(line[1:].strip()))
        elif line.startswith("/") and not line.startswith("//"):
            await self._command(line[1:])
        elif line.strip():
            self._idle.clear()
            self._free.clear()
            await self._tried(self._face.conversation.send(line.removeprefix("/")))
        elif self._person:
            self._prompt()

    async def _command(self, typed: str) -> None:
        name, _, argument = typed.partition(" ")
        command = self._commands.find(name)
        if command is None:
            near = self._commands.nearest(name)
            self._face.note("error", f"there is no command /{name}" + (f"; did you mean /{near}?" if near else ""))
        else:
            await self._tried(command.run(self._face, argument.strip()))
        self._prompt()

    async def _tried(self, work: Awaitable[None]) -> None:
        try:
            await work
        except KimicodeError as error:
            self._face.note("error", str(error))

    async def _ask(self, text: str) -> str | None:
        self._lines.line(text)
        return await self._typed.next()

    def _answer(self, request: ApprovalRequested, line: str) -> None:
        word = line.lower()
        if word in _YES:
            decision = Decision(True)
        elif word == "s" and request.repeatable:
            decision = Decision(True, scope="session")
        elif word == "r" and request.rule:
            decision = Decision(True, scope="rule")
        else:
            decision = Decision(False, "" if word in _NO else line)
        # The lines that follow in a pipe are no answers to this question, even before the turn has gone on.
        self._answered = request.call_id
        self._asked = tuple(other for other in self._asked if other is not request)
        if not self._asked:
            self._free.clear()
        self._face.conversation.answer(request.call_id, decision)

    def _deny(self, requests: tuple[ApprovalRequested, ...]) -> None:
        for request in requests:
            decision = Decision(False, "nobody is here to approve it")
            asyncio.get_running_loop().call_soon(self._face.conversation.answer, request.call_id, decision)

    def _interrupt(self) -> None:
        if self._face.present is None or not self._face.present.interrupt():
            _write("\nCtrl-D ends.\n")
            self._prompt()

    # --- what is told ---------------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        if isinstance(event, SessionStarted):
            self._face.folder = Path(event.cwd)
        self._lines.tell(event)

    def _changed(self, state: State) -> None:
        asking = tuple(request for request in state.asking if request.call_id != self._answered)
        for request in asking:
            if request not in self._asked:
                self._lines.line(question(request))
                if self._ended:
                    self._deny((request,))
        self._asked = asking
        # Later: a prompt leaves the queue a moment before its turn begins.
        asyncio.get_running_loop().call_soon(self._settle)
        if state.phase == "failed" and self._phase != "failed" and state.problem is not None:
            self._lines.line(f"error: {state.problem.text}\n{state.problem.hint}".rstrip())
            self._code = ExitCode.USAGE if state.problem.cause == "config" else ExitCode.INFRASTRUCTURE
            self._over.set()
        self._phase = state.phase

    def _settle(self) -> None:
        state = self._face.conversation.state
        waits = state.phase == "idle" and not (state.queue and not state.held)
        if waits and not self._idle.is_set():
            self._prompt()
        for event, present in ((self._idle, waits), (self._free, waits or bool(self._asked))):
            (event.set if present else event.clear)()

    def _prompt(self) -> None:
        if self._person:
            _write("> ")
