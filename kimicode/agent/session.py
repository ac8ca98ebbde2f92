"""A session, wired: journal, model, tools, budget, agent. The one place where they meet; a frontend holds one of these.

`agent.opening` opens one.
"""

import asyncio
import os
import shutil
from typing import Any

from kimicode import __version__
from kimicode.agent import prompt as prompts
from kimicode.agent.approval import Approval, Mode
from kimicode.agent.baseline import Baseline
from kimicode.agent.budget import Budget
from kimicode.agent.compaction import Compaction
from kimicode.agent.confinement import UNCONFINED, Confined
from kimicode.agent.delivery import Wish
from kimicode.agent.diagnosis import Diagnosis
from kimicode.agent.flow import Stop
from kimicode.agent.history import History
from kimicode.agent.interrupted import SCRATCH
from kimicode.agent.knowledge import begin, end, knowledge_of, map_for, observe
from kimicode.agent.loop import Agent, Setup
from kimicode.agent.memory import WorkingMemory
from kimicode.agent.options import SessionOptions
from kimicode.agent.record import report
from kimicode.agent.surroundings import look_around, test_command
from kimicode.agent.trail import Trail
from kimicode.agent.undo import FOLDER
from kimicode.config.instructions import instructions
from kimicode.config.secrets import redactor_for
from kimicode.config.trust import Trust
from kimicode.errors import DiskError, ExitCode, KimicodeError
from kimicode.events import (
    Emit,
    Event,
    FileChange,
    MessageAdded,
    Notice,
    PlanStep,
    PlanUpdated,
    Result,
    SessionStarted,
    Status,
    TurnStarted,
    UsageUpdated,
)
from kimicode.git.command import missing
from kimicode.llm.connect import Connection
from kimicode.llm.model import ModelRequest
from kimicode.llm.tokens import estimate_tokens
from kimicode.messages import Image, Message, Text, Usage, user
from kimicode.sessions.journal import Journal
from kimicode.sessions.recall import Recalled
from kimicode.sessions.replay import History as Replayed
from kimicode.tools.base import Tool, ToolContext
from kimicode.tools.toolset import tools
from kimicode.workspace import atomic
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell


class Session:
    """Made by `agent.opening`. `run` is one turn and never raises for what can go wrong with a model or a disk."""

    def __init__(
        self,
        options: SessionOptions,
        journal: Journal,
        connection: Connection,
        frontend: Emit,
        confined: Confined = UNCONFINED,
    ) -> None:
        self.options = options
        self.confined = confined
        self.journal = journal
        self.connection = connection
        self._frontend = frontend
        self._plan: tuple[PlanStep, ...] = ()
        self._began = 0.0
        """When what a result tells of began, in seconds of the budget's clock."""
        self._interrupt_code = ExitCode.INTERRUPTED
        self._system = self._wish = ""
        self.redact = journal.redact = redactor_for(options.settings, os.environ)
        repository = options.repository()
        roots = [*([repository.root] if repository else []), *options.settings.extra_dirs]
        self.repository = repository
        self.files = Files(options.cwd, roots)
        self.shell = Shell(options.cwd, journal.outputs, sandbox=confined.sandbox, redact=self.redact)
        self.memory = WorkingMemory(self.files, confined.hides)
        self.knowledge = knowledge_of(repository, options.cwd) if options.toolset == "full" else None
        self.baseline = Baseline(repository, self.files, journal.folder / SCRATCH)
        root = repository.root if repository else options.cwd.resolve()
        self.trail = Trail(root, journal.folder / FOLDER, self.baseline, self.emit, self._jobs_run)
        self.budget = Budget(options.limits)
        self.approval = Approval(options.mode, options.ask, self.emit, options.rules, contained=confined.contained)
        self.diagnosis = Diagnosis(
            self.files,
            confined.scratch or self.baseline.scratch,
            options.settings,
            self.approval,
            self.emit,
            options.trust,
            confined.sandbox,
        )
        self.past: Replayed | None = None
        """What was there before, of a session that was resumed."""
        self.agent: Agent | None = None

    @property
    def id(self) -> str:
        return self.journal.folder.name

    def emit(self, event: Event) -> None:
        """Into the journal first, then on the screen. Raises DiskError when the journal cannot be written."""
        self.journal.append(event)
        if isinstance(event, TurnStarted):
            self.trail.turn_id = event.turn_id
        observe(self.knowledge, self.files.root, event)
        self._frontend(event)

    async def look_around(self) -> None:
        """Make the system prompt ahead of `start`, in a thread: git may take its time in a large repository."""
        await begin(self.knowledge)
        looking = asyncio.create_task(asyncio.to_thread(self._system_prompt))
        try:
            self._system = await asyncio.shield(looking)
        except asyncio.CancelledError:
            while self.repository is not None and not looking.done():  # between two commands there is none to stop
                self.repository.stop()
                await asyncio.sleep(0.02)
            raise

    def start(self, earlier: Recalled | None) -> None:
        """Announce the session and build the agent; the system prompt is the first record of a new one."""
        options = self.options
        past = self.past = earlier.history if earlier is not None else None
        model = self.connection.model_name
        self.emit(
            SessionStarted(
                self.id,
                str(options.cwd),
                model,
                options.mode,
                __version__,
                past is not None,
                self.confined.name,
                options.trusted,
            )
        )
        for notice in self.confined.notices:
            self.emit(notice)
        self.confined.tell(self.emit)
        if earlier is not None and past is not None and past.messages:
            history = self._history(past.messages)
            self._plan = past.plan
            self._tell_of_damage(earlier.damaged, past)
        else:
            history = self._history(())
            system = Message("system", (Text(self._system or self._system_prompt()),))
            history.add(system)
            self.emit(MessageAdded(system))
        self.baseline.start()
        self.trail.start()
        self._warn_of_unknown_price()
        self.agent = Agent(self._setup(history, len(past.prompts) if past else 0))

    def _warn_of_unknown_price(self) -> None:
        if self.options.limits.price is not None and self.connection.info.prices is None:
            text = f"--max-price cannot stop this run: the price of {self.connection.model_name} is not known"
            self.emit(Notice("warning", "price-unknown", f"{text} (set it in config.toml: `kimicode help config`)"))

    def _tell_of_damage(self, damaged: int, past: Replayed) -> None:
        if damaged:
            text = f"{damaged} damaged record(s) of the session were left out; the rest is here"
            self.emit(Notice("warning", "journal-damaged", text))
        if past.interrupted_calls:
            text = f"{past.interrupted_calls} call(s) were cut off when the session ended; the model is told"
            self.emit(Notice("info", "interrupted-calls", text))

    async def run(self, prompt: str, *, then: Mode | None = None, images: tuple[Image, ...] = ()) -> Result:
        """One turn; with `then`, a turn that plans and one that acts in that mode.

        A cancellation ends it as interrupted; a KimicodeError becomes its result.
        """
        assert self.agent is not None
        self._wish = prompt
        try:
            attached = "\n\n".join(filter(None, (await self._map(prompt), self._attached())))
            stop = await self.agent.run(prompt, attached, images)
            if then is not None and stop.status == "finished":
                self.accept_plan(then)
                stop = await self.agent.run(prompts.text("accepted"))
        except KimicodeError as error:
            stop = Stop("error", reason=str(error), exit_code=error.exit_code)
        finishing = asyncio.create_task(self.finish(stop))
        try:
            return await asyncio.shield(finishing)
        except asyncio.CancelledError:
            if finishing.cancelled():
                raise
            return await finishing  # the turn is over: an interrupt hurries its report, but does not cost it

    async def _map(self, prompt: str) -> str:
        return "" if self.trail.turn_id or self.past else await map_for(self.knowledge, prompt)

    def _attached(self) -> str:
        """What the model is told behind a prompt."""
        return prompts.text("plan") if self.approval.mode == "plan" else ""

    def accept_plan(self, mode: Mode) -> None:
        """Leave plan mode: from the next step on the agent may act as `mode` allows."""
        assert self.agent is not None
        self.approval.mode = mode
        self.agent.set_tools(self._tools())

    def interrupt(self, code: ExitCode, at_once: bool) -> None:
        """A signal came: the run ends with `code`. `at_once`: this process is about to end, so kill what it started."""
        self._interrupt_code = code
        if at_once:
            self.shell.kill()
            self.diagnosis.kill()
            if self.repository is not None:
                self.repository.stop()
        else:
            self.baseline.hurry()

    async def finish(self, stop: Stop) -> Result:
        """Compose the result from the records and emit it; a full disk does not keep it from the frontend."""
        assert self.agent is not None
        await self._rest()
        await self.trail.settled()
        changed = await self._changed()
        try:
            await self._write_patch()
            delivered = await self._deliver(stop, changed)
        except KimicodeError as error:
            stop = Stop("error", answer=stop.answer, reason=str(error), exit_code=error.exit_code)
            delivered = ""
        status, exit_code = self._outcome(stop)
        result = Result(
            status=status,
            exit_code=int(exit_code),
            session_id=self.id,
            steps=self.budget.steps,
            usage=self.budget.usage,
            price=self.budget.usage.price,
            duration_s=round(self.budget.elapsed - self._began, 3),
            files_changed=changed,
            summary="\n".join(filter(None, (self._report(changed), delivered))),
            reason=stop.reason or self._denied(),
            answer=stop.answer,
            recovered_calls=self.agent.recovered,
        )
        try:
            self.journal.append(result)
        except DiskError as error:
            self._frontend(Notice("error", "journal", str(error)))
        self._frontend(result)
        return result

    async def _rest(self) -> None:
        """What still runs ends: nothing changes files and repository while they are looked at and written."""
        await self.shell.close()

    async def _changed(self) -> tuple[FileChange, ...]:
        return await self.baseline.changes()

    def _report(self, changed: tuple[FileChange, ...]) -> str:
        assert self.agent is not None
        return report(changed, self.agent.record, self._limits_of_report())

    async def _deliver(self, stop: Stop, changed: tuple[FileChange, ...]) -> str:
        """What becomes of the changes where a commit was asked for, and what to say of it. Raises KimicodeError."""
        if self.options.delivery is None:
            return ""
        draft = self.baseline.draft if (changed or self.baseline.blind) and stop.status == "finished" else None
        wish = Wish(self._wish, self.connection.model_name, self._ask)
        return await self.options.delivery.deliver(draft, wish, unfinished=bool(changed) and draft is None)

    async def _write_patch(self) -> None:
        path = self.options.patch
        if path is None:
            return
        patch = await self.baseline.patch()
        try:
            path.write_bytes(patch) if path.is_relative_to("/dev") else atomic.put(path, patch)
        except OSError as error:
            raise DiskError.from_os("write the patch to", path, error) from error

    async def close(self) -> None:
        """Stop what still runs: no process that a tool started survives."""
        await self.diagnosis.close()
        await self.shell.close()
        self.confined.close()
        await self.trail.close()
        await self.baseline.close()
        await end(self.knowledge)
        shutil.rmtree(self.baseline.scratch, ignore_errors=True)

    # --- wiring ---------------------------------------------------------------------------------------------

    def _setup(self, history: History, turns: int) -> Setup:
        context = ToolContext(
            self.files,
            self.shell,
            self._set_plan,
            knowledge=self.knowledge,
            hides=self.confined.hides,
            confinement=self.confined.digest,
            way_out=self.confined.way_out,
            reachable=self.confined.reaches,
        )
        planning = self.approval.mode == "plan"
        window = self.connection.window
        compaction = Compaction(window, estimate_tokens, self._summarize, self._state, self.emit)
        return Setup(
            model=self.connection.model,
            tools=self._tools(planning=planning),
            context=context,
            approval=self.approval,
            budget=self.budget,
            history=history,
            compaction=compaction,
            emit=self.emit,
            ready=self.trail.ready,
            effect=self.trail.step,
            diagnose=self.diagnosis.news,
            redact=self.redact,
            propose=self.memory.proposal,
            fits=self.memory.fits,
            suspects=self.memory.suspects,
            enrich=self.memory.enrich,
            checkpoint=self._checkpoint,
            max_output_tokens=self.options.settings.max_output_tokens,
            test_command=test_command(self.options.cwd),
            turns=turns,
            insist=self.options.insist,
        )

    def _tools(self, *, planning: bool = False) -> dict[str, Tool[Any]]:
        return tools(self.options.toolset, planning=planning, fetch=self.options.settings.fetch)

    def _history(self, messages: tuple[Message, ...]) -> History:
        specs = [tool.spec() for tool in self._tools().values()]
        return History(estimate_tokens, messages, estimate_tokens((), specs), self.redact)

    def _system_prompt(self) -> str:
        options, repository = self.options, self.repository
        told = instructions(options.cwd, options.trust or Trust.unasked(options.cwd))
        return prompts.system_prompt(look_around(options.cwd, repository, told))

    async def _checkpoint(self) -> None:
        """Before each step; who has a person may ask them here whether to go on."""

    def _set_plan(self, steps: tuple[PlanStep, ...]) -> None:
        self._plan = steps
        self.emit(PlanUpdated(steps))

    def _jobs_run(self) -> bool:
        return any(job.exit_code is None or job.processes for job in self.shell.jobs())

    def _state(self, tokens: int) -> str:
        return self.memory.state(self._plan, tokens)

    async def _summarize(self, transcript: str) -> str:
        return await self._ask(f"{transcript}\n\n{prompts.text('compact')}")

    async def _ask(self, text: str) -> str:
        request = ModelRequest([user(self.redact(text))], [])
        reply = await self.connection.model.complete(request, lambda piece: None, self.emit)
        self._charge(reply.usage, 0)
        return reply.message.text

    def _charge(self, usage: Usage, context_tokens: int) -> None:
        self.budget.charge(usage)
        self.emit(UsageUpdated(usage, self.budget.usage, context_tokens, self.connection.window))

    def _outcome(self, stop: Stop) -> tuple[Status, ExitCode]:
        assert self.agent is not None
        record = self.agent.record
        if stop.status == "interrupted":
            return stop.status, self._interrupt_code
        if stop.status == "finished" and self._denied() and not record.edits and not record.commands:
            return "denied", ExitCode.DENIED
        return stop.status, stop.exit_code

    def _denied(self) -> str:
        count = 0 if self.options.mode == "plan" else self.approval.denied
        return f"{count} call{'s' * (count != 1)} denied (--mode {self.approval.mode})" if count else ""

    def _limits_of_report(self) -> str:
        if self.repository is None:
            why = missing() or "not a git repository"
            return f"{why[0].upper()}{why[1:]}: what commands changed is not listed, and no patch can be made"
        return "\n".join([self.baseline.problem, *self.baseline.notes]).strip()
