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
from kimicode.config.trust import Answer
from kimicode.errors import ExitCode, KimicodeError
from kimicode.events import ApprovalRequested, Event, Result, SessionStarted
from kimicode.tui.commands.table import Table
from kimicode.tui.conversation import Conversation
from kimicode.tui.opening import Beginning
from kimicode.tui.plain_events import EventLines, question
from kimicode.tui.plain_face import PlainFace
from kimicode.tui.state import State
from kimicode.tui.text.sanitise import visible
from kimicode.tui.trusting import Question
from kimicode.tui.typed_lines import TypedLines
from kimicode.tui.wanted import PICK, Wanted

_YES, _NO = ("y", "yes"), ("n", "no", "")


def run_plain(wanted: Wanted) -> int:
    """Run it to its end and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **how: None)(errors="replace")
    return asyncio.run(Plain(wanted, sys.stdin.fileno()).run())


def _complain(text: str, hint: str) -> None:
    sys.stderr.write(visible(f"kimicode: {text}\n  {hint}".rstrip()) + "\n")
    sys.stderr.flush()


class Plain:
    """One line at a time: an answer where something is asked, else a command or a prompt."""

    def __init__(self, wanted: Wanted, descriptor: int) -> None:
        self._wanted = wanted
        self._typed = TypedLines(descriptor)
        self._person = os.isatty(descriptor)
        self._lines = EventLines(self._write)
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
        self._judged: asyncio.Future[str] | None = None
        """The line that says whether the folder is trusted."""
        self._phase = ""
        self._code = ExitCode.FINISHED
        self._broken: BaseException | None = None
        """Why it cannot go on: stdout takes no more (its reader went away, a disk is full), or a fault."""

    async def run(self) -> int:
        """Until the lines end, or somebody leaves. Raises OSError where stdout takes no more, and any fault."""
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
            self._write(f"To go on: kimicode --resume {self._face.conversation.state.session_id}\n")
        if self._broken is not None:
            raise self._broken
        return int(self._code)

    def _break(self, error: BaseException) -> None:
        self._broken = error
        self._over.set()

    def _write(self, text: str) -> None:
        """Events come from deep within the agent: what cannot be written ends the run in good order."""
        if self._broken is not None:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError as error:
            self._break(error)

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
            trust=wanted.trust,
            judge=self._judge,
        )
        self._face.present = Conversation(beginning, self._tell, self._changed, self._break)
        self._face.present.open()

    # --- what is typed --------------------------------------------------------------------------------------

    async def _read(self) -> None:
        heard = False
        while (line := await self._next()) is not None:
            while line.endswith("\\") and (more := await self._typed.next()) is not None:
                line = f"{line[:-1]}\n{more}"
            heard = heard or bool(line.strip())
            if not self._person and line.strip():
                self._lines.line(f"> {line}")  # as a terminal would have shown it
            await self._take(line)
        if not self._person:  # a pipe is at its end, the work is not
            self._ended = True
            self._deny(self._asked)
            await self._idle.wait()
            if not heard:
                _complain("no prompt came on stdin", 'One on each line; or: kimicode run "..."')
                self._code = ExitCode.USAGE

    async def _next(self) -> str | None:
        """The next line; a pipe's lines are one prompt after the other, or answers where something is asked."""
        if not self._person:
            await self._free.wait()
        return await self._typed.next()

    async def _judge(self, question: Question) -> Answer | None:
        """What the person says of the folder; a pipe says nothing of it. May end the interface."""
        if not self._person:
            return None
        answers: list[Answer | None] = [*question.answers, None]
        offered = [f"{place}  {text}" for place, text in enumerate([*question.answers.values(), "Quit"], 1)]
        self._lines.line("\n".join([question.title, *question.words, *offered, "Number:"]))
        typed = ""
        while typed not in ("1", "2", "3"):
            self._judged = asyncio.get_running_loop().create_future()
            typed = await self._judged
        self._judged = None
        answer = answers[int(typed) - 1]
        if answer is None:
            self._over.set()
            await asyncio.get_running_loop().create_future()  # the conversation ends here, when it is closed
        return answer

    async def _take(self, line: str) -> None:
        if self._judged is not None:
            self._judged.set_result(line.strip())
        elif self._asked:
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
            self._write("\nCtrl-D ends.\n")
            self._prompt()

    # --- what is told ---------------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        if isinstance(event, SessionStarted):
            self._face.folder = Path(event.cwd)
        self._lines.tell(event)
        if isinstance(event, Result) and event.exit_code and not self._person:  # a script wants to know
            self._code = self._code or ExitCode(event.exit_code)
            if not sys.stdout.isatty():
                _complain(event.reason or event.status, "")

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
            _complain(state.problem.text, state.problem.hint)
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
            self._write("> ")
