"""What the agents of a review share, and how one of them works: its own history, read-only tools, a meter on the model.

They are agents without a session: nothing in the list of sessions, no undo, nobody to ask.
"""

import json
import time
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.agent.approval import Approval, nobody_to_ask
from kimicode.agent.budget import Budget, Limits
from kimicode.agent.compaction import Compaction, Summarize
from kimicode.agent.history import History
from kimicode.agent.loop import Agent, Setup
from kimicode.config.secrets import Redact
from kimicode.displays import PlanStep
from kimicode.errors import DiskError, KimicodeError
from kimicode.event import Event
from kimicode.events import (
    PartCompleted,
    PartDiscarded,
    PartStarted,
    PartUpdated,
    RetryScheduled,
    Status,
    ToolStarted,
)
from kimicode.index.knowledge import Knowledge
from kimicode.llm.model import ModelRequest
from kimicode.llm.tokens import estimate_tokens
from kimicode.messages import Message, Text, user
from kimicode.review import prompt
from kimicode.review.allowance import Metered
from kimicode.review.progress import (
    End,
    OnReview,
    ReviewDelayed,
    ReviewerEnded,
    ReviewerStarted,
    ReviewerUpdated,
    Role,
    nobody,
)
from kimicode.review.trial import Trial
from kimicode.sessions.records import to_line
from kimicode.tools.base import Tool, ToolContext
from kimicode.tools.bash import BashTool
from kimicode.tools.outline import Outline
from kimicode.tools.search import Search
from kimicode.tools.view import View
from kimicode.workspace.files import Files
from kimicode.workspace.sandbox.secretfiles import named_like_a_secret
from kimicode.workspace.shell import Shell

Missing = Callable[[str], Awaitable[str]]

SHOWN = 60
"""Characters of a path, a query or a command in what is told of an agent's work."""
_STREAMED = (PartStarted, PartUpdated, PartCompleted, PartDiscarded)
_ENDS: dict[Status, End] = {"finished": "done", "limit": "limit", "stuck": "limit", "interrupted": "interrupted"}
_TOLD = ("path", "query", "command", "claim")
"""Arguments that say what a call is about."""


@dataclass(frozen=True, slots=True)
class Task:
    """One agent's work: what it is told, and its own `tools` beside those that look.

    `missing` says what its last words leave open: it is told that once. In a `trial` it may run commands. Its events
    go to `heard`.
    """

    id: str
    role: Role
    kind: str
    about: str
    system: str
    prompt: str
    steps: int
    """How many requests it may make."""
    tools: tuple[Tool[Any], ...]
    missing: Missing
    trial: Trial | None = None
    heard: OnReview = nobody


@dataclass(frozen=True, slots=True)
class Done:
    """How an agent ended, with its last words; `error` where it failed."""

    end: End
    answer: str = ""
    why: str = ""
    error: KimicodeError | None = None


@dataclass(frozen=True, slots=True)
class Workroom:
    """`tree` holds the files of the head, `names` says which there are, relative to it: what else lies there is not
    theirs to read. `trace` is a folder for what every agent did; `scratch` one for long outputs."""

    tree: Path
    names: Container[str]
    knowledge: Knowledge | None
    window: int
    redact: Redact
    emit: OnReview
    trace: Path | None
    scratch: Path

    async def work(self, task: Task, model: Metered) -> Done:
        """Let an agent work to its end. Cancelling ends it as interrupted. Raises nothing."""
        self.emit(ReviewerStarted(task.id, task.role, task.kind, task.about))
        try:
            done = await self._worked(task, model)
        except KimicodeError as error:
            done = Done("failed", why=error.message, error=error)
        self.emit(ReviewerEnded(task.id, done.end, done.why))
        return done

    async def _worked(self, task: Task, model: Metered) -> Done:
        def record(event: Event) -> None:
            task.heard(event)
            self._record(task.id, event)

        given = {tool.name: tool for tool in (*self._looking(task.trial), *task.tools)}
        left = model.allowance.seconds_left(model.until)
        agent = Agent(
            Setup(
                model=model,
                tools=given,
                context=self._context(task.trial),
                approval=Approval("auto" if task.trial else "plan", nobody_to_ask, record),
                budget=Budget(Limits(steps=task.steps, seconds=left)),
                history=self._history(task, given),
                compaction=Compaction(self.window, estimate_tokens, _summarizing(model), lambda tokens: "", record),
                emit=record,
                redact=self.redact,
            )
        )
        stop = await agent.run(task.prompt)
        if stop.status == "finished" and (more := await task.missing(stop.answer)):
            stop = await agent.run(more)
            await task.missing(stop.answer)  # what it says to that counts as well
        why = stop.reason
        if stop.status == "limit":  # what it says names flags that are none of this review's
            why = model.stopped or f"{task.steps} requests were not enough"
        return Done(_ENDS.get(stop.status, "failed"), stop.answer, why)

    def _looking(self, trial: Trial | None) -> tuple[Tool[Any], ...]:
        """The tools that every agent has; commands find what the index would, and what they made themselves."""
        if trial is not None:
            return BashTool(), View(), Outline()
        return (View(), Search(), Outline()) if self.knowledge else (View(), Outline())

    def _context(self, trial: Trial | None) -> ToolContext:
        if trial is not None:
            return ToolContext(
                Files(trial.folder),
                trial.shell,
                _no_plan,
                hides=lambda path: not path.is_relative_to(trial.folder),
                confinement=trial.confinement,
            )
        shell = Shell(self.tree, self.scratch)  # no tool of theirs runs anything in it
        return ToolContext(Files(self.tree), shell, _no_plan, knowledge=self.knowledge, hides=self.hides)

    def hides(self, path: Path) -> bool:
        """Whether a real path is none of the reviewed files, or of a kind that holds secrets."""
        if not path.is_relative_to(self.tree) or named_like_a_secret(path.name):
            return True
        name = str(path.relative_to(self.tree))
        return name not in self.names and (not path.is_dir() or ".git" in path.parts)

    def _history(self, task: Task, tools: dict[str, Tool[Any]]) -> History:
        specs = [tool.spec() for tool in tools.values()]
        system = Message("system", (Text(task.system),))
        return History(estimate_tokens, [system], estimate_tokens((), specs), self.redact)

    def _record(self, agent: str, event: Event) -> None:
        """What an agent does, or waits for, becomes news, and a line of its trace. Raises DiskError."""
        if isinstance(event, RetryScheduled):
            self.emit(ReviewDelayed(self.redact(event.reason), event.wait_s))
        if isinstance(event, ToolStarted):
            about = self.redact(_about(event.arguments))
            self.emit(ReviewerUpdated(agent, f"{event.name} {about}".rstrip()))
        if self.trace is None or isinstance(event, _STREAMED):
            return
        try:
            with (self.trace / f"{agent}.jsonl").open("ab") as file:
                file.write(to_line(event, time.time(), self.redact))
        except OSError as error:
            raise DiskError.from_os("write the trace to", self.trace, error) from error


def _summarizing(model: Metered) -> Summarize:
    async def summarize(transcript: str) -> str:
        request = ModelRequest([user(f"{transcript}\n\n{prompt.text('sum_up')}")], [])
        return (await model.complete(request, lambda piece: None, nobody)).message.text

    return summarize


def _no_plan(steps: tuple[PlanStep, ...]) -> None:
    """There is no tool that would make one."""


def _about(arguments: str) -> str:
    try:
        told = json.loads(arguments)
    except ValueError:
        return ""
    text = next((str(told[name]) for name in _TOLD if name in told), "")
    return " ".join(text.split())[:SHOWN]
