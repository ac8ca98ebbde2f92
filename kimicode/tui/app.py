"""The app: the session behind the screen, what the person writes, and the keys that mean the session."""

import asyncio
import gc
import importlib
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING

from textual import on, work

from kimicode import paths
from kimicode.errors import ExitCode, KimicodeError
from kimicode.tui.composing.draft import Draft
from kimicode.tui.content import Note
from kimicode.tui.desk import Desk
from kimicode.tui.frame import Frame
from kimicode.tui.text.sanitise import visible
from kimicode.tui.transcript.document import Document
from kimicode.tui.wanted import PICK, Wanted
from kimicode.tui.widgets.composer import Composer

if TYPE_CHECKING:
    from kimicode.config.trust import Answer
    from kimicode.events import Event
    from kimicode.tui.app_face import AppFace
    from kimicode.tui.state import Problem, State
    from kimicode.tui.trusting import Question
    from kimicode.tui.widgets.approval import ApprovalBar

QUIET_S = 0.6
"""Seconds without a change of what is being written."""
TWICE_S = 1.5
"""Within this, the second Ctrl-C or Esc counts as one that was pressed twice."""


class KimicodeApp(Frame):
    """Paints first; configuration, git and model are looked at behind that."""

    def __init__(self, wanted: Wanted, painted: Callable[[], None] = lambda: None) -> None:
        """`painted` is called once, after the first paint."""
        self._painted = painted
        self.desk = Desk(
            wanted, shown=self._show, told=self._told, changed=self._changed, fault=self.fault, judge=self._judge
        )
        if not wanted.resume:  # an earlier session begins with its own words
            self.desk.welcome()
        super().__init__(wanted, self.desk.document)
        self._pressed: dict[str, float] = {}
        self._phase = ""
        self._planned = False

    def on_mount(self) -> None:
        self.composer.input.may_look = False
        self.call_after_refresh(self._begin)

    @cached_property
    def face(self) -> "AppFace":
        """What commands see of it."""
        from kimicode.tui.app_face import AppFace

        return AppFace(self)

    # --- the session ----------------------------------------------------------------------------------------

    @property
    def session_id(self) -> str:
        return self.desk.session_id

    @work(group="session")
    async def _begin(self) -> None:
        self._painted()
        from kimicode.tui.keys import KeyMap

        self.key_map = KeyMap.load(paths.config_dir() / "keys.toml")
        self.set_keymap(self.key_map.overrides())
        await self.surround()
        resume = self.wanted.resume
        if resume == PICK:
            resume = await self.face.pick_session() or ""
        await self.desk.open(resume)
        for warning in self.key_map.warnings:
            self.desk.note(Note("warning", warning))

    def _show(self, document: Document) -> None:
        self.show(document, self.desk.archive)

    async def _judge(self, question: "Question") -> "Answer | None":
        """What the person says of the folder; they may also leave."""
        screens = await asyncio.to_thread(importlib.import_module, "kimicode.tui.screens.trust")
        if self.composer.editor.text:
            await self._pause_in_typing()
        answered: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        await self.push_screen(
            screens.TrustScreen(question, self.look, self.composer.editor.insert), answered.set_result
        )
        answer = await answered
        if answer is None:
            self.leave()
            await asyncio.get_running_loop().create_future()  # the conversation ends here, when it is closed
        return answer

    def _told(self, event: "Event") -> None:
        if self.desk.archive is not None:
            self.transcript.attach(self.desk.archive)

    def _changed(self, state: "State") -> None:
        if not self.is_running:
            return
        composer = self.composer
        composer.working = state.busy
        composer.queued = len(state.queue)
        if self.around is not None and self.around.show(state):
            (self.around.approval if state.asking else composer).focus()
        if state.rejected is not None and (rejected := self.desk.conversation.take_rejected()):
            composer.restore(Draft(rejected.text, images=rejected.images))
        if state.planned and not self._planned:
            self._offer_plan()
        self._planned = state.planned
        if state.phase != self._phase:
            self._phase = state.phase
            self._entered(state)

    def _entered(self, state: "State") -> None:
        if state.phase in ("idle", "failed") and not gc.isenabled():  # since the start, see cli.interactive
            gc.freeze()  # what is loaded by now stays; looking through it would hold up keys
            gc.enable()
        if state.phase == "failed" and state.problem is not None:
            self._stuck(state.problem)
        elif state.phase == "idle" and state.session_id:
            self.composer.input.may_look = True
            self.composer.keep_draft_in(paths.sessions_dir() / state.session_id / "draft.json")
            self._learn_commands()
            if self.around is not None:
                self.around.notifier.way = self.desk.conversation.settings.notifications

    @work(group="set-up", exclusive=True)
    async def _stuck(self, problem: "Problem") -> None:
        """The session does not open: who has no model yet is asked for one, everybody else told what to do."""
        setup = await asyncio.to_thread(importlib.import_module, "kimicode.tui.setup")
        if problem.cause == "config" and setup.is_first_run(self.wanted):
            from kimicode.tui.screens.first_run import FirstRun

            await self._pause_in_typing()
            if way := await self.push_screen_wait(FirstRun(self.look)):
                self.desk.conversation.retry(**setup.flags_of(way))
                return
            self.desk.note(Note("info", "/quit and start again to be asked once more"))
        self.desk.note(Note("error", f"{problem.text}\n{problem.hint}".strip()))

    @work(group="commands", exclusive=True)
    async def _learn_commands(self) -> None:
        """The person's own commands, and those of the project if its folder is trusted."""
        from kimicode.tui.commands.table import Table
        from kimicode.tui.commands.user import commands_for

        found = await asyncio.to_thread(commands_for, self.desk.folder, self.desk.conversation.trust)
        self.offer(Table().plus(found))

    @work(group="plan", exclusive=True)
    async def _offer_plan(self) -> None:
        from kimicode.tui.commands.model import offer_plan

        await self._pause_in_typing()
        await self._tried(offer_plan(self.face))

    async def _pause_in_typing(self) -> None:
        """A screen that comes up by itself takes no keys that were meant for a prompt."""
        written = None
        while written != self.composer.editor.text:
            written = self.composer.editor.text
            await asyncio.sleep(QUIET_S)

    def on_approval_bar_answered(self, message: "ApprovalBar.Answered") -> None:
        self.desk.conversation.answer(message.call_id, message.decision)

    def on_approval_bar_typed(self, message: "ApprovalBar.Typed") -> None:
        self.composer.editor.insert(message.text)

    def on_approval_bar_interrupted(self) -> None:
        self.desk.conversation.interrupt()

    # --- what the person writes -----------------------------------------------------------------------------

    @on(Composer.Submitted)
    def _submitted(self, message: Composer.Submitted) -> None:
        self._send(message.draft, steer=False)

    @on(Composer.Steered)
    def _steered(self, message: Composer.Steered) -> None:
        self._send(message.draft, steer=True)

    @work(group="send")
    async def _send(self, draft: Draft, *, steer: bool) -> None:
        await self.desk.ready.wait()
        say = self.desk.conversation.steer if steer else self.desk.conversation.send
        self.transcript.follow()
        try:
            await say(draft.expanded, draft.images)
        except KimicodeError as error:
            self.face.note("error", str(error))
            self.composer.restore(draft)

    @on(Composer.ShellAsked)
    @work(group="command")
    async def _shell(self, message: Composer.ShellAsked) -> None:
        await self._opened("The command")
        await self._tried(self.desk.conversation.run_command(message.command))

    async def _opened(self, waiting: str) -> None:
        if not self.desk.settled:
            self.say(f"{waiting} runs once the session is open")
            await self.desk.opened()

    @on(Composer.CommandAsked)
    def _command(self, message: Composer.CommandAsked) -> None:
        self.run_command(message.name, message.argument)

    @work(group="command")
    async def run_command(self, name: str, argument: str = "") -> None:
        """Run a command by its name, as if it had been typed."""
        command = self.commands.find(name)
        if command is None:
            self.face.note("error", f"there is no command /{name}")
            return
        if not command.early:
            await self._opened(f"/{name}")
        await self._tried(command.run(self.face, argument))

    async def _tried(self, work: Awaitable[None]) -> None:
        try:
            await work
        except KimicodeError as error:
            self.face.note("error", str(error))

    @on(Composer.Refused)
    def _refused(self, message: Composer.Refused) -> None:
        self.say(message.reason)

    @on(Composer.RecallAsked)
    def _recall(self) -> None:
        if self.desk.open_one and (queued := self.desk.open_one.recall()):
            self.composer.load(Draft(queued.text, images=queued.images))

    # --- keys -----------------------------------------------------------------------------------------------

    def _twice(self, key: str) -> bool:
        """Whether it was pressed a moment ago as well."""
        before, self._pressed[key] = self._pressed.get(key, 0.0), time.monotonic()
        return time.monotonic() - before < TWICE_S

    @on(Composer.Escaped)
    def _escaped(self) -> None:
        again = self._twice("escape")
        if self.transcript.selected_text:
            self.transcript.clear_selection()
        elif self.desk.open_one is not None and self.desk.open_one.interrupt():
            self._pressed.clear()
        elif again:
            self._pressed.clear()
            self.run_command("rewind")

    @on(Composer.QuitAsked)
    def _quit_asked(self, message: Composer.QuitAsked) -> None:
        if text := self.transcript.selected_text:
            self.copy(text)
            self.transcript.clear_selection()
        elif message.at_once or self._twice("quit"):
            self.leave()
        else:
            self.say("Once more to leave")

    @work(group="command")
    async def action_cycle_mode(self) -> None:
        from kimicode.tui.commands.model import MODES

        await self.desk.ready.wait()
        modes = [name for name in MODES if name != "yolo"]  # nobody should come there by a key too many
        present = self.desk.conversation.state.mode
        place = modes.index(present) if present in modes else -1
        try:
            self.desk.conversation.set_mode(modes[(place + 1) % len(modes)])
        except KimicodeError as error:
            self.face.note("error", str(error))

    def action_help(self) -> None:
        self.face.show_help("")

    # --- the end --------------------------------------------------------------------------------------------

    @work(group="leave", exclusive=True)
    async def leave(self, code: ExitCode = ExitCode.FINISHED) -> None:  # type: ignore[override]
        """Close the session and end."""
        self.composer.save_draft()
        await self.desk.close()
        if self.around is not None:
            self.around.notifier.restore()
        self.exit(int(ExitCode.INFRASTRUCTURE if self.crash else code))


def run_app(wanted: Wanted) -> int:
    """Run it to its end and return the exit code; then the terminal is as before, and one line says how to go on."""
    app = KimicodeApp(wanted, painted=lambda: _settle(app))
    code = app.run()
    if app.crash is not None:
        sys.stderr.write(visible(app.crash.text) + "\n")
    elif app.desk.worth_resuming:
        sys.stdout.write(f"To go on: kimicode --resume {app.desk.session_id}\n")
    return app.return_code or 0 if code is None else code


def _settle(app: KimicodeApp) -> None:
    """What can wait for the first paint: signals end it in good order."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, app.leave, ExitCode.TERMINATED)
