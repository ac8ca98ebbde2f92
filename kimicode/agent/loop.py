"""The plan-act loop: stream the model, run its calls, append the results, until something ends the turn.

prompt → (compact if due) → ask → parts → calls: validate, approve, run, record → results → again
"""

import asyncio
import dataclasses
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from kimicode.agent.approval import Approval
from kimicode.agent.budget import Budget
from kimicode.agent.calls import INTERRUPTED, Effect, ToolRunner, nothing, unrecorded
from kimicode.agent.coach import Coach
from kimicode.agent.compaction import Compaction
from kimicode.agent.flow import Bend, Finished, Stop, TryAgain
from kimicode.agent.guard import LoopGuard
from kimicode.agent.history import History
from kimicode.agent.proposals import Proposal
from kimicode.agent.record import WorkRecord
from kimicode.agent.stream import PartStream
from kimicode.config.secrets import Redact, unredacted
from kimicode.errors import ContextOverflow, ExitCode, ModelError
from kimicode.events import (
    Emit,
    Event,
    MessageAdded,
    Notice,
    Origin,
    RetryScheduled,
    StepStarted,
    ToolCompleted,
    TurnCompleted,
    TurnStarted,
    UsageUpdated,
)
from kimicode.llm.model import Model, ModelReply, ModelRequest
from kimicode.messages import Image, Message, Part, Text, ToolCall, ToolSpec, Usage, user
from kimicode.tools.base import Tool, ToolContext, ToolOutcome


async def _at_once() -> None:
    """Ready without waiting."""


@dataclass(slots=True)
class Setup:
    """What an agent is made of. `insist`: nobody is here to say "go on", so unfinished work is objected to."""

    model: Model
    tools: dict[str, Tool[Any]]
    context: ToolContext
    approval: Approval
    budget: Budget
    history: History
    compaction: Compaction
    emit: Emit
    ready: Callable[[], Awaitable[None]] = _at_once
    """Awaited before the first call that may change something."""
    effect: Effect = unrecorded
    """Around each of these calls."""
    diagnose: Callable[[], Awaitable[str]] = nothing
    """What a result tells beside its own: what checkers found about the edits."""
    redact: Redact = unredacted
    """Takes secrets out of what tools bring."""
    propose: Callable[[str], Proposal | None] = field(default=lambda text: None)
    """The change that a text-only answer describes, if it can be told."""
    fits: Callable[[ToolCall], bool] = field(default=lambda call: True)
    """Whether an edit would find its place in the file."""
    suspects: Callable[[], list[str]] = field(default=list)
    """Where the fault may be: the project's files, no tests, that were looked at last."""
    enrich: Callable[[ToolOutcome], str] = field(default=lambda outcome: "")
    checkpoint: Callable[[], Awaitable[None]] = _at_once
    """Awaited before each step; raises LimitReached where the person wants to stop here."""
    turns: int = 0
    """Turns that a resumed session already had."""
    max_output_tokens: int | None = None
    test_command: str = ""
    """How this project's tests are run, where that can be told."""
    insist: bool = False


class Agent:
    """One conversation. `run` is one turn; `steer` may be called while it works."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._history = setup.history
        self._budget = setup.budget
        self._emit = setup.emit
        self.record = WorkRecord()
        self._coach = Coach(
            record=self.record,
            insist=setup.insist,
            test_command=setup.test_command,
            propose=setup.propose,
            fits=setup.fits,
            may_act=self._may_act,
            suspects=setup.suspects,
        )
        self._runner = ToolRunner(
            setup.tools,
            setup.context,
            setup.approval,
            self._noted,
            self._coach.before_submit,
            self._enrich,
            setup.ready,
            setup.effect,
            setup.diagnose,
            setup.redact,
        )
        self._specs: list[ToolSpec] = [tool.spec() for tool in setup.tools.values()]
        self._steering: deque[tuple[str, Origin]] = deque()
        self._turns = setup.turns
        self._nudge = ""
        """What the model is told with its next request only."""
        self._calls = 0
        self.recovered = 0

    @property
    def history(self) -> History:
        return self._history

    @property
    def submitted(self) -> str | None:
        """What the model submitted in the last turn, if that is how it ended."""
        return self._runner.submitted

    @property
    def specs(self) -> list[ToolSpec]:
        """The tools as the model is told of them."""
        return self._specs

    def steer(self, text: str, origin: Origin = "steered") -> None:
        """Queue words of the person; the model reads them before its next step."""
        self._steering.append((self._without_secrets(text), origin))

    def take_steering(self) -> list[tuple[str, Origin]]:
        """The words that the model has not read yet; they are no longer queued."""
        waiting = list(self._steering)
        self._steering.clear()
        return waiting

    def tell(self, text: str, origin: Origin) -> None:
        """Words between two turns: they enter the history at once, and the model reads them with the next prompt."""
        self._add(user(self._without_secrets(text)), origin)

    def _without_secrets(self, text: str) -> str:
        """Words of the person as the model and the record get them."""
        kept = self._setup.redact(text)
        if kept != text:
            said = "what looks like a secret was taken out of your words (redact = false in config.toml keeps it)"
            self._emit(Notice("warning", "redacted", said))
        return kept

    def set_model(self, model: Model, window: int) -> None:
        """Another model answers from the next request on; `window` in tokens."""
        self._setup.model = model
        self._setup.compaction.window = window

    async def compact(self, instructions: str = "") -> None:
        """Replace the history by a note now, between two turns. Raises ModelError."""
        await self._setup.compaction.on_demand(self._history, instructions)

    def start_over(self) -> None:
        """A person's next prompt: steps, records and repetitions of the last turn do not count against it."""
        self._budget.start_turn()
        self.record.start_over()
        self._setup.approval.denied = 0
        self._runner.guard = LoopGuard()
        self._runner.submitted = None

    def set_tools(self, tools: dict[str, Tool[Any]]) -> None:
        """Offer other tools from the next step on (a plan was accepted, the mode changed)."""
        self._runner.tools = tools
        self._specs = [tool.spec() for tool in tools.values()]

    async def run(self, prompt: str, attached: str = "", images: tuple[Image, ...] = ()) -> Stop:
        """One turn, to its end. Cancelling it ends it as interrupted, with every call answered in the record."""
        self._turns += 1
        turn = f"t{self._turns}"
        first_step = self._budget.steps
        prompt = self._without_secrets(prompt)
        self._coach.asked_a_question = prompt.rstrip().endswith("?")
        self._emit(TurnStarted(turn, prompt))
        told = (Text(prompt), Text(attached)) if attached else (Text(prompt),)
        self._add(Message("user", (*told, *images)), "prompt")
        stop: Stop | None = None
        try:
            async with asyncio.timeout(self._budget.seconds_left):
                stop = await self._loop(turn)
        except TimeoutError:
            stop = self._budget.out_of_time()
        except asyncio.CancelledError:
            stop = Stop("interrupted", reason="interrupted", exit_code=ExitCode.INTERRUPTED)
        finally:
            self._close_open_calls()
            status = stop.status if stop else "error"
            self._emit(TurnCompleted(turn, status, self._budget.steps - first_step))
        return stop

    async def _loop(self, turn: str) -> Stop:
        while True:
            try:
                await self._step(turn)
            except Stop as stop:
                if stop.status != "finished" or not self._steering:
                    return stop
            except ContextOverflow:
                await self._setup.compaction.run(self._history, "the server said the conversation is too long")
            except TryAgain as again:
                self._nudge = again.text

    async def _step(self, turn: str) -> None:
        await self._setup.checkpoint()
        while self._steering:
            text, origin = self._steering.popleft()
            self._add(user(text), origin)
        if self._setup.compaction.due(self._history):
            await self._setup.compaction.run(self._history, "the window is nearly full")
        step = self._budget.start_step()
        self._emit(StepStarted(turn, step))
        stream = PartStream(self._emit, f"{turn}.{step}")
        reply = await self._ask(stream)
        message, invalid = self._meant(reply)
        bend: Bend | None
        if message.tool_calls:
            bend = self._coach.before_calls(message)
        else:
            bend = self._coach.after_text(message.text.strip(), reply.finish_reason)
        self._nudge = ""
        if isinstance(bend, TryAgain):
            stream.discard(bend.text)
        else:
            self._add(message)
        self._account(reply.usage)
        if bend is not None:
            raise bend
        self._history.add_results(await self._runner.run(message.tool_calls, invalid))
        if self._runner.submitted is not None:
            raise Finished(self._runner.submitted)
        self._runner.guard.check()

    async def _ask(self, stream: PartStream) -> ModelReply:
        nudge = [user(self._nudge)] if self._nudge else []
        request = ModelRequest([*self._history.messages, *nudge], self._specs, self._setup.max_output_tokens)

        def on_retry(event: RetryScheduled) -> None:
            stream.discard(event.reason)
            self._emit(event)

        try:
            reply = await self._setup.model.complete(request, stream.on_piece, on_retry)
        except (asyncio.CancelledError, ModelError):  # the person saw it, so the model has to know it
            stream.close()
            if text := stream.seen:
                self._add(Message("assistant", (Text(text + "\n[interrupted]"),)))
            raise
        stream.close()
        self._setup.compaction.progressed(self._history)
        return reply

    def _account(self, usage: Usage) -> None:
        self._budget.charge(usage)
        self._history.report(usage)
        total, window = self._budget.usage, self._setup.compaction.window
        self._emit(UsageUpdated(usage, total, self._history.tokens, window))

    def _meant(self, reply: ModelReply) -> tuple[Message, dict[str, str]]:
        """The reply's message as the history keeps it, and what is wrong with which of its calls.

        Call ids become unique in the session. A text-only answer whose code block says what to change, while a command
        still fails, is taken as the call that it describes.
        """
        self.recovered += reply.recovered
        parts: list[Part] = []
        invalid: dict[str, str] = {}
        for part in reply.message.parts:
            if isinstance(part, ToolCall):
                call = dataclasses.replace(part, id=self._unique(part.id))
                if part.id in reply.invalid:
                    invalid[call.id] = reply.invalid[part.id]
                parts.append(call)
            else:
                parts.append(part)
        if not reply.message.tool_calls:
            meant = self._coach.meant(reply.message.text)
            if meant is not None:
                self.recovered += 1
                parts.append(ToolCall(self._unique("recovered"), *meant))
                self._emit(Notice("info", "recovered", f"took the answer as the {meant[0]} call that it describes"))
        return Message("assistant", tuple(parts)), invalid

    def _unique(self, call_id: str) -> str:
        """Servers number the calls of each answer anew; the record needs ids that stay apart."""
        self._calls += 1
        return f"{call_id or 'call'}.t{self._turns}.{self._calls}"

    def _may_act(self) -> bool:
        return "strreplace" in self._runner.tools and not self._setup.approval.denied

    def _enrich(self, outcome: ToolOutcome) -> str:
        return "\n".join(filter(None, (self._setup.enrich(outcome), self._coach.after_command(outcome))))

    def _close_open_calls(self) -> None:
        """Give the calls that an interrupt left open their results, so that the history stays valid."""
        calls = self._history.open_calls()
        if calls:
            recorded = self._runner.recorded
            results = [
                recorded[call.id] if call.id in recorded else self._runner.record_unrun(call, INTERRUPTED)
                for call in calls
            ]
            self._history.add_results(results)

    def _noted(self, event: Event) -> None:
        if isinstance(event, ToolCompleted):
            self.record.note(event)
        self._emit(event)

    def _add(self, message: Message, origin: Origin = "") -> None:
        self._history.add(message)
        self._emit(MessageAdded(message, origin))
