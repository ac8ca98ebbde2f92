"""A conversation as a screen holds it: no widget in it, everything it tells is an event or its state.

It opens in the background; what is said before it is open waits in the queue. Methods raise KimicodeError for what
cannot be; what goes wrong by itself becomes `state.problem`, and nothing that was typed is lost.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kimicode.agent.decision import Decision, Mode
from kimicode.config.catalog import LOCAL, NANO
from kimicode.config.schema import Settings
from kimicode.config.trust import Trust
from kimicode.errors import ExitCode, KimicodeError, UsageError
from kimicode.events import Emit, Event, MessageAdded, Notice, Result, TurnStarted
from kimicode.messages import Image
from kimicode.sessions.titles import title_from
from kimicode.tui.beside import Beside, Fault, tell_of_fault
from kimicode.tui.opening import Beginning, Opened, opened, reach
from kimicode.tui.past import Past
from kimicode.tui.questions import Questions
from kimicode.tui.state import Problem, Queued, State
from kimicode.tui.watch import Watch

if TYPE_CHECKING:
    from kimicode.agent.interactive import InteractiveSession
    from kimicode.workspace.shell import JobStatus

CLOSE_S = 1.7
"""After this, whatever still runs is killed; closing takes two seconds at most."""
UNFINISHED = ("interrupted", "error", "limit", "stuck")


class Conversation:
    """`tell` gets every event, `changed` is called after the state became another. All within one event loop."""

    def __init__(
        self, beginning: Beginning, tell: Emit, changed: Callable[[State], None], fault: Fault | None = None
    ) -> None:
        """`fault` is told of an error that nobody expected; by default the event loop is."""
        self.state = State(price_limit=beginning.limits.price)
        self._beginning = beginning
        self._tell = tell
        self._changed = changed
        self._watch = Watch()
        self._opened: Opened | None = None
        self._life: asyncio.Task[None] | None = None
        self._work: asyncio.Task[Any] | None = None
        """The turn or the compaction that is under way."""
        self._fault = fault or _unexpected
        self._beside = Beside(self._report, self._fault)
        """The person's own commands and asides."""
        self._looks = Beside(lambda error: None, self._fault)
        """Looks at git; one that fails leaves the branch as it was."""
        self._questions = Questions(lambda asking: self._set(asking=asking))
        self.past = Past(lambda: self._live_one().session, lambda: self._idle_one().session, self._went_back)
        self._wake = asyncio.Event()
        self.settled = asyncio.Event()
        """Set once the session is open, or could not be opened."""
        self._wanted_mode: Mode | None = None
        self._begun = False
        """Whether the present turn's prompt is recorded, and so on the screen."""

    # --- its life -------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin to open; needs a running event loop."""
        self.settled.clear()
        self._set(phase="opening", problem=None)
        self._life = asyncio.create_task(self._live())
        self._life.add_done_callback(lambda life: tell_of_fault(life, self._fault))

    def retry(self, **flags: Any) -> None:
        """Open again after a failure, with other flags (settings by name); the queue is still there."""
        if self.state.phase == "failed":
            self._beginning = self._beginning.flagged(**flags)
            self.open()

    async def close(self) -> None:
        """End what runs and let go of the session, within two seconds."""
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            _, late = await asyncio.wait({life}, timeout=CLOSE_S)
            if late and self._opened is not None:
                self._opened.session.interrupt(ExitCode.INTERRUPTED, True)
        self._set(phase="closed")

    async def _live(self) -> None:
        try:
            async with opened(self._beginning, self._note, self._questions.ask, self._say) as self._opened:
                self._welcome(self._opened)
                try:
                    await self._serve(self._opened.session)
                finally:
                    await self._stop_all()
        except KimicodeError as error:
            self._set(phase="failed", doing="", problem=Problem.of(error))
        finally:
            self._opened = None

    def _welcome(self, live: Opened) -> None:
        session, past = live.session, live.session.past
        if past is not None:
            self._watch.resume(past)
            title = past.title or (title_from(past.turns[0][1]) if past.turns else "")
            self._set(title=title, plan=past.plan, usage=past.usage)
        self._set(
            phase="idle",
            doing="",
            model=session.connection.model_name,
            window=session.connection.window,
            thinking=live.settings.thinking,
            reads_images=session.connection.info.images,
            mode=session.mode,
            context_tokens=session.context().used,
        )
        if self._wanted_mode is not None:
            session.set_mode(self._wanted_mode)
        self._looks.start(self._look_at_git())
        self._wake.set()

    async def _serve(self, session: "InteractiveSession") -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self.state.queue and not self.state.held and not self.state.busy:
                first, *rest = self.state.queue
                self._set(queue=tuple(rest))
                await self._turn(session, first)

    async def _turn(self, session: "InteractiveSession", said: Queued) -> None:
        self._set(phase="working", began=time.monotonic(), problem=None)
        self._begun = False
        self._work = asyncio.create_task(session.run(said.text, images=said.images))
        try:
            await asyncio.wait({self._work})
            self._over(session, self._work.result())
            if not self._begun:
                self._set(rejected=said)
        except UsageError as error:
            self._set(rejected=said)
            self._note(Notice("error", "prompt", str(error)))
        finally:
            if self._work.done():
                self._work = None
                self._set(phase="idle", doing="", speed=0.0, jobs=self._running_jobs())
        self._looks.start(self._look_at_git())

    def _over(self, session: "InteractiveSession", result: Result) -> None:
        """What the turn left: words that the model never read go to the front of the queue, which may have to wait."""
        assert session.agent is not None
        unread: list[Queued] = []
        for text, origin in session.agent.take_steering():
            if origin == "steered":
                unread.append(Queued(text))
            else:
                session.agent.tell(text, origin)
        held = result.status in UNFINISHED and bool(unread or self.state.queue)
        text, _, hint = result.reason.partition("\n")
        problem = Problem("other", text, hint) if result.status == "error" else None
        planned = result.status == "finished" and session.mode == "plan" and bool(session.agent.submitted)
        queue = (*unread, *self.state.queue)
        self._set(queue=queue, steered=(), held=held, problem=problem, planned=planned)

    async def _stop_all(self) -> None:
        tasks = {*self._beside.tasks, *self._looks.tasks, *({self._work} if self._work is not None else ())}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S / 2)

    # --- words ----------------------------------------------------------------------------------------------

    async def send(self, text: str, images: tuple[Image, ...] = ()) -> None:
        """Say something: at once, or when its turn comes. Raises UsageError for images that nobody would see."""
        if images and self._opened is not None and not self.state.reads_images:
            raise UsageError(f"{self.state.model} reads no images", hint="Take them out, or choose another: /model")
        said = Queued(text, images)
        queue = (said, *self.state.queue) if self.state.held else (*self.state.queue, said)
        self._set(queue=queue, held=False, rejected=None)
        self._wake.set()

    async def steer(self, text: str, images: tuple[Image, ...] = ()) -> None:
        """Say something that the model reads before its next step; while nothing works, the same as `send`."""
        agent = self._opened.session.agent if self._opened is not None else None
        if agent is None or self.state.phase != "working" or images:
            await self.send(text, images)
        else:
            agent.steer(text)
            self._set(steered=(*self.state.steered, text))

    def recall(self, index: int = -1) -> Queued | None:
        """Take a prompt out of the queue, by default the last one, to change it."""
        queue = list(self.state.queue)
        try:
            taken = queue.pop(index)
        except IndexError:
            return None
        self._set(queue=tuple(queue), held=self.state.held and bool(queue))
        return taken

    def take_rejected(self) -> Queued | None:
        """The prompt that could not be sent, once."""
        rejected = self.state.rejected
        self._set(rejected=None)
        return rejected

    def interrupt(self) -> bool:
        """Stop the turn (what was answered so far is kept), else the person's own command; False if nothing ran."""
        if self._work is not None and not self._work.done():
            if self._opened is not None and self.state.phase == "working":
                self._opened.session.interrupt(ExitCode.INTERRUPTED, False)
            self._work.cancel()
            return True
        return self._beside.cancel()

    def answer(self, call_id: str, decision: Decision) -> None:
        """Answer a question; one that is over already is passed over."""
        self._questions.answer(call_id, decision)

    async def accept_plan(self, mode: Mode) -> None:
        """Carry out the plan that the last turn ended with."""
        from kimicode.agent import prompt as prompts

        self.set_mode(mode)
        await self.send(prompts.text("accepted"))

    # --- settings -------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """Those in force; the defaults until the configuration was read."""
        return self._opened.settings if self._opened is not None else Settings()

    @property
    def trust(self) -> Trust | None:
        """What of the folder is obeyed; None until that is known."""
        return self._opened.loaded.trust if self._opened is not None else None

    def set_mode(self, mode: Mode) -> None:
        """What the agent may do from its next step on. Raises DiskError."""
        self._wanted_mode = mode
        if self._opened is None:
            self._set(mode=mode)
        else:
            self._opened.session.set_mode(mode)

    async def switch_thinking(self, thinking: bool) -> None:
        """Raises KimicodeError; then nothing changed."""
        live = self._live_one()
        await self._switch(live, live.settings.model_copy(update={"thinking": thinking}))
        self._beginning = self._beginning.flagged(thinking=thinking)

    async def switch_model(self, name: str) -> None:
        """Another model of the same server, `local` or `kimi-nano`, from the next request on. Raises KimicodeError."""
        live = self._live_one()
        other = {"base_url": None} if name in (LOCAL, NANO) else {}
        beginning = self._beginning.flagged(model=name, thinking=live.settings.thinking, **other)
        loaded = live.loaded.pinned.with_flags(beginning.flags)
        try:
            async with AsyncExitStack() as endpoint:
                await self._switch(live, await reach(loaded, endpoint, self._note, self._say))
                # The old engine may still be answering; both end with the conversation.
                live.endpoint.push_async_exit(endpoint.pop_all())
        finally:
            self._set(doing="")
        self._beginning = beginning

    async def _switch(self, live: Opened, settings: Settings) -> None:
        await live.session.switch(settings)
        live.settings = settings
        self._set(reads_images=live.session.connection.info.images)

    async def compact(self, instructions: str = "") -> None:
        """Replace the history by a note; returns when it is made or was interrupted. Raises KimicodeError."""
        session = self._idle_one().session
        self._set(phase="compacting", began=time.monotonic())
        self._work = asyncio.create_task(session.compact(instructions))
        try:
            await asyncio.wait({self._work})
            if self._work.cancelled():
                self._note(Notice("info", "interrupted", "the history stays as it is"))
            else:
                self._work.result()
        finally:
            self._work = None
            self._set(phase="idle", context_tokens=session.context().used)
            self._wake.set()

    # --- beside the turn ------------------------------------------------------------------------------------

    async def aside(self, question: str) -> None:
        """Ask something that the conversation forgets again; the answer comes as events."""
        self._beside.start(self._live_one().session.aside(question))

    async def run_command(self, command: str) -> None:
        """Run a command of the person's own; its output comes as events, and the model will know it."""
        session = self._live_one().session
        self._beside.start(session.run_command(command, busy=lambda: self.state.busy))

    def jobs(self) -> "tuple[JobStatus, ...]":
        """The commands that ever went to the background, oldest first."""
        return self._opened.session.shell.jobs() if self._opened is not None else ()

    def job_output(self, job_id: str) -> str:
        """The recent output of a job; the model will still be told all of it. Raises ToolError."""
        return self._live_one().session.shell.peek(job_id)

    async def stop_job(self, job_id: str) -> None:
        """Raises ToolError for an unknown one."""
        await self._live_one().session.shell.stop(job_id)
        self._set(jobs=self._running_jobs())

    def _went_back(self) -> None:
        self._set(context_tokens=self.past.context().used, planned=False)
        self._looks.start(self._look_at_git())

    def _running_jobs(self) -> int:
        return sum(job.exit_code is None or job.processes > 0 for job in self.jobs())

    async def _look_at_git(self) -> None:
        repository = self._opened.session.repository if self._opened is not None else None
        if repository is not None:
            branch = await asyncio.to_thread(repository.branch)
            dirty = await asyncio.to_thread(repository.dirty_files)
            self._set(branch=branch, dirty=len(dirty))

    # --- what it tells --------------------------------------------------------------------------------------

    def _live_one(self) -> Opened:
        if self._opened is None:
            raise UsageError("the session is not open yet")
        return self._opened

    def _idle_one(self) -> Opened:
        if self.state.busy:
            raise UsageError("not while the agent works", hint="Interrupt it with Esc, or wait.")
        return self._live_one()

    def _note(self, event: Event) -> None:
        self._set(**self._watch.changes(event))
        if isinstance(event, MessageAdded) and event.origin == "steered":
            self._set(steered=self.state.steered[1:])
        self._begun = self._begun or isinstance(event, TurnStarted)
        self._tell(event)

    def _report(self, error: KimicodeError) -> None:
        self._note(Notice("error", "beside", str(error)))

    def _say(self, line: str) -> None:
        self._set(doing=f"starting the engine: {line}")

    def _set(self, **changes: Any) -> None:
        state = replace(self.state, **changes)
        if state != self.state:
            self.state = state
            if state.phase != "opening":
                self.settled.set()
            self._changed(state)


def _unexpected(error: BaseException) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "a fault in kimicode", "exception": error})
