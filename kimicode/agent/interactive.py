"""A session with a person at the keyboard: the same session, and what a person changes in it between two steps."""

import asyncio
import secrets
import time
from collections.abc import Callable

from kimicode.agent import prompt as prompts
from kimicode.agent.approval import MODES, Mode
from kimicode.agent.compaction import threshold
from kimicode.agent.context import Context, context_of
from kimicode.agent.flow import LimitReached
from kimicode.agent.session import Session
from kimicode.agent.stream import PAINT_INTERVAL
from kimicode.agent.undo import Goal, goal_of, inherit, note_for_model, way_behind
from kimicode.config.schema import Settings
from kimicode.errors import KimicodeError, ModelError, UsageError
from kimicode.events import (
    ApprovalRequested,
    AsideCompleted,
    AsideStarted,
    AsideUpdated,
    Event,
    FileChange,
    ModeChanged,
    ModelChanged,
    Result,
    Rewound,
    ShellCompleted,
    ShellStarted,
    ToolUpdated,
    TurnStarted,
)
from kimicode.llm.connect import connect
from kimicode.llm.model import Model, ModelRequest
from kimicode.messages import Image, Piece, TextPiece, ThinkingPiece, user
from kimicode.sessions.fork import fork, history_before
from kimicode.sessions.recall import Recalled
from kimicode.sessions.replay import replay
from kimicode.sessions.titles import record, tidy
from kimicode.workspace.restore import Plan
from kimicode.workspace.shell import CommandResult

SHELL_TIMEOUT_S = 600.0
"""A person sees their command run and can stop it."""


class InteractiveSession(Session):
    """Each result tells of one prompt. Whatever is changed is an event, so that a resumed session knows it."""

    _planned = False
    """Whether the model was last told that it may not change anything."""
    _asked_at_price = False
    _retired: tuple[Model, ...] = ()

    def start(self, earlier: Recalled | None) -> None:
        """Announce it and build the agent."""
        self.turns: list[tuple[str, str]] = []
        """Turn id and prompt of what the conversation consists of, oldest first."""
        super().start(earlier)
        if self.past is not None:
            self.turns.extend(self.past.turns)

    def emit(self, event: Event) -> None:
        """Into the journal first, then on the screen. Raises DiskError when the journal cannot be written."""
        super().emit(event)
        if isinstance(event, TurnStarted):
            self.turns.append((event.turn_id, event.prompt))
        elif isinstance(event, Rewound):
            turn_ids = [turn_id for turn_id, _ in self.turns]
            del self.turns[turn_ids.index(event.turn_id) :]

    # --- prompts --------------------------------------------------------------------------------------------

    async def run(self, prompt: str, *, then: Mode | None = None, images: tuple[Image, ...] = ()) -> Result:
        """One turn. Raises UsageError for images that the model could not see, before anything is done."""
        assert self.agent is not None
        if images and not self.connection.info.images:
            hint = "Choose a model that does with /model, or take them out."
            raise UsageError(f"{self.connection.model_name} reads no images", hint=hint)
        self.agent.start_over()
        self.baseline.restart()
        self._began = self.budget.elapsed
        result = await super().run(prompt, then=then, images=images)
        await self._release_retired()
        return result

    def _attached(self) -> str:
        planned, self._planned = self._planned, self.mode == "plan"
        return super()._attached() or (prompts.text("acting") if planned else "")

    async def _checkpoint(self) -> None:
        if self.budget.nearly_spent and not self._asked_at_price:
            self._asked_at_price = True
            spent, limit = self.budget.usage.price or 0.0, self.budget.limits.price or 0.0
            question = f"${spent:.2f} of ${limit:.2f} are spent. Go on?"
            request = ApprovalRequested("price", "budget", question)
            self.emit(request)
            decision = await self.approval.ask(request)
            if not decision.allowed:
                raise LimitReached(decision.reason or f"stopped at ${spent:.2f}")

    async def _rest(self) -> None:
        """Servers and the like go on from one turn to the next."""

    async def _changed(self) -> tuple[FileChange, ...]:
        """Nothing is looked at where nothing was done: in a large repository that takes its time."""
        assert self.agent is not None
        did = self.agent.record.edits or self.agent.record.commands
        return await super()._changed() if did else ()

    def _denied(self) -> str:
        return ""  # the person said no and knows it

    # --- what may be changed at any time --------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        return self.approval.mode

    def set_mode(self, mode: Mode) -> None:
        """What the agent may do from the next step on. Raises DiskError, UsageError."""
        assert self.agent is not None
        if mode == self.mode:
            return
        if mode == "yolo" and not self.options.trusted:
            raise UsageError("yolo is for folders that you trust", hint="/trust")
        self.emit(ModeChanged(mode))
        self.approval.mode = mode
        self.agent.set_tools(self._tools(planning=mode == "plan"))

    def restore_mode(self, name: str) -> None:
        """The mode that a resumed session was in, but for yolo: that is said anew. Raises DiskError."""
        known = [mode for mode in MODES if mode == name and mode != "yolo"]
        if known:
            self.set_mode(known[0])

    async def switch(self, settings: Settings) -> None:
        """Another model, endpoint or way of thinking from the next request on.

        Raises ConfigError, ModelError, DiskError; then the old one stays.
        """
        assert self.agent is not None
        connection = await connect(settings)
        try:
            self.emit(ModelChanged(connection.model_name, settings.thinking, connection.window))
        except KimicodeError:
            await connection.model.close()
            raise
        self._retired += (self.connection.model,)
        self.connection = connection
        self.agent.set_model(connection.model, connection.window)

    def rename(self, title: str) -> None:
        """Raises DiskError, and UsageError for a title without a character to see."""
        if not tidy(title):
            raise UsageError("a title needs at least one character")
        self._frontend(record(self.journal, tidy(title)))

    def context(self) -> Context:
        """What fills the window, in tokens."""
        assert self.agent is not None
        history, window = self.agent.history, self.connection.window
        return context_of(
            history.messages, self.agent.specs, used=history.tokens, window=window, threshold=threshold(window)
        )

    # --- between two turns ----------------------------------------------------------------------------------

    async def compact(self, instructions: str = "") -> None:
        """Replace the history by a note that keeps what `instructions` say. Raises ModelError, DiskError."""
        assert self.agent is not None
        await self.agent.compact(instructions)

    async def rewind(self, turn_id: str) -> str:
        """Back to before the prompt of this turn, which is returned. Files are not touched: see `go_back`.

        The journal keeps what is left out; what was compacted meanwhile comes back. Raises DiskError, UsageError.
        """
        assert self.agent is not None
        if turn_id not in dict(self.turns):
            raise UsageError(f"the conversation has no turn {turn_id}")
        past, prompt = await asyncio.to_thread(history_before, self.journal.folder, turn_id)
        self.emit(Rewound(turn_id, prompt, past.messages, past.plan))
        self.agent.history.replace(past.messages)
        self._plan = past.plan
        return prompt

    async def way_back(self, to: str = "") -> tuple[Goal, Plan]:
        """What going back to before the last turn, a turn ("t3") or a step ("7") would mean. Raises UsageError."""
        goal = goal_of(self.journal.folder, await self.trail.steps(), self.turns, to)
        return goal, await self.trail.plan(goal.number)

    async def go_back(self, goal: Goal, chosen: Plan, *, force: bool = False) -> str:
        """Restore the files of a plan and rewind to the goal's turn or call; returns the prompt that was taken back.

        Raises UsageError where a person's later changes would be lost and `force` is not set, DiskError.
        """
        assert self.agent is not None
        if not chosen.changes:
            return await self._behind(goal)
        async with self.trail.restored(chosen, goal, force=force) as event:
            if goal.turn_id:
                return await self._behind(goal)
            self.agent.tell(note_for_model(event), "note")
        return ""

    async def _behind(self, goal: Goal) -> str:
        if not goal.call_id:
            return await self.rewind(goal.turn_id) if goal.turn_id else ""
        assert self.agent is not None
        way = await asyncio.to_thread(way_behind, self.journal.folder, goal.turn_id, goal.call_id)
        for event in way:
            self.emit(event)
        past = replay(way)
        self.agent.history.replace(past.messages)
        self._plan = past.plan
        return ""

    async def fork(self, turn_id: str | None = None) -> str:
        """The id of a new session that begins with this one, up to that prompt. Raises DiskError, UsageError."""
        folder = self.journal.folder
        session_id = await asyncio.to_thread(fork, folder, turn_id)
        await asyncio.to_thread(inherit, folder, folder.parent / session_id, turn_id)
        return session_id

    # --- beside the turn ------------------------------------------------------------------------------------

    async def run_command(self, command: str, *, busy: Callable[[], bool]) -> None:
        """A command of the person in the agent's shell; what it printed enters the history, marked as such.

        `busy`: a turn or a compaction is under way, and the model reads it before its next step. Raises DiskError,
        ToolError.
        """
        assert self.agent is not None
        call_id = f"shell-{secrets.token_hex(4)}"
        began = time.monotonic()
        self.emit(ShellStarted(call_id, command))
        try:
            result = await self.shell.run(
                command,
                timeout=SHELL_TIMEOUT_S,
                outside=True,  # the person's own hands
                report=lambda text: self.emit(ToolUpdated(call_id, text)),
            )
        except (asyncio.CancelledError, KimicodeError) as error:
            self.emit(ShellCompleted(call_id, command, str(error), None, round(time.monotonic() - began, 3)))
            raise
        self.emit(ShellCompleted(call_id, command, result.output, result.exit_code, round(result.duration_s, 3)))
        text = prompts.text("shell").format(command=command, end=_end(result), output=result.output.rstrip("\n"))
        (self.agent.steer if busy() else self.agent.tell)(text, "shell")

    async def aside(self, question: str) -> None:
        """Answer a question over the present history, which stays as it is. Failures are part of the events."""
        assert self.agent is not None
        aside_id = f"aside-{secrets.token_hex(4)}"
        asked = user(self.redact(prompts.text("aside").format(question=question)))
        # The same tools as ever: with others the server would have to read the whole conversation again.
        request = ModelRequest([*self.agent.history.messages, asked], self.agent.specs)
        told = _Told(self, aside_id)
        self.emit(AsideStarted(aside_id, question))
        try:
            reply = await self.connection.model.complete(request, told.on_piece, lambda retry: told.forget())
        except ModelError as error:
            self.emit(AsideCompleted(aside_id, told.text, str(error)))
            return
        except asyncio.CancelledError:
            self.emit(AsideCompleted(aside_id, told.text, "interrupted"))
            raise
        self._charge(reply.usage, self.agent.history.tokens)
        problem = "" if reply.message.text.strip() else "the model gave no answer in words"
        self.emit(AsideCompleted(aside_id, reply.message.text, problem))

    async def close(self) -> None:
        """Stop what still runs, and let go of the models that were switched away from."""
        await self._release_retired()
        await super().close()
        await self.connection.model.close()

    async def _release_retired(self) -> None:
        retired, self._retired = self._retired, ()
        for model in retired:
            await model.close()


class _Told:
    """The answer to an aside on its way to the frontend, at most twenty times a second."""

    def __init__(self, session: InteractiveSession, aside_id: str) -> None:
        self._session = session
        self._aside_id = aside_id
        self._painted = 0.0
        self._shown = 0
        self.text = ""

    def on_piece(self, piece: Piece) -> None:
        if isinstance(piece, TextPiece) and not isinstance(piece, ThinkingPiece):
            self.text += piece.text
        if time.monotonic() - self._painted >= PAINT_INTERVAL and len(self.text) > self._shown:
            self._painted = time.monotonic()
            self._session.emit(AsideUpdated(self._aside_id, self.text[self._shown :]))
            self._shown = len(self.text)

    def forget(self) -> None:
        """The request failed and is made again; what was shown stays until the whole answer replaces it."""
        self.text, self._shown = "", 0


def _end(result: CommandResult) -> str:
    if result.exit_code is None:
        return f"still running, as job {result.job_id}"
    return f"exit code {result.exit_code}"
