"""Everything the agent tells a frontend: small records with ids and a lifecycle.

The terminal UI, `run --output stream-json`, the journal, the editor protocols and the tests consume this one stream.
`durable` events are flushed to the disk (fdatasync) before they are shown; the others are only written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from kimicode.displays import Brief as Brief
from kimicode.displays import CommandRun as CommandRun
from kimicode.displays import Diff as Diff
from kimicode.displays import Display as Display
from kimicode.displays import FileChange as FileChange
from kimicode.displays import PlanStep as PlanStep
from kimicode.displays import StepState as StepState
from kimicode.event import Event as Event
from kimicode.interventions import AsideCompleted as AsideCompleted
from kimicode.interventions import AsideStarted as AsideStarted
from kimicode.interventions import AsideUpdated as AsideUpdated
from kimicode.interventions import FilesRestored as FilesRestored
from kimicode.interventions import ModeChanged as ModeChanged
from kimicode.interventions import ModelChanged as ModelChanged
from kimicode.interventions import Rewound as Rewound
from kimicode.interventions import ShellCompleted as ShellCompleted
from kimicode.interventions import ShellStarted as ShellStarted
from kimicode.interventions import TitleChanged as TitleChanged
from kimicode.messages import Image, Message, Text, Usage, record

Status = Literal["finished", "limit", "stuck", "denied", "error", "interrupted"]
Origin = Literal["", "prompt", "steered", "shell", "note"]
"""Where a user message comes from: a turn's prompt, words said while the agent worked, a command that the person ran,
a remark of kimicode itself. Empty for other roles and in old journals."""
Scope = Literal["once", "session", "rule"]


# --- the lifecycle ------------------------------------------------------------------------------------------


@record
@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    type: ClassVar[str] = "session.started"
    durable: ClassVar[bool] = True
    session_id: str
    cwd: str
    model: str
    mode: str
    version: str
    resumed: bool = False
    sandbox: str = ""
    """What confines commands: "bubblewrap", "landlock", "seatbelt"; "none" where nothing does."""
    trusted: bool = False
    """Whether the folder's own instructions and settings are obeyed."""


@record
@dataclass(frozen=True, slots=True)
class TurnStarted(Event):
    type: ClassVar[str] = "turn.started"
    turn_id: str
    prompt: str


@record
@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """One request to the model; `step` counts from 1 in each run of the session."""

    type: ClassVar[str] = "step.started"
    turn_id: str
    step: int


@record
@dataclass(frozen=True, slots=True)
class PartStarted(Event):
    """The model begins a part of its answer: text, thinking, or a tool call (then `name` says which tool)."""

    type: ClassVar[str] = "part.started"
    part_id: str
    kind: Literal["text", "thinking", "tool_call"]
    name: str = ""


@record
@dataclass(frozen=True, slots=True)
class PartUpdated(Event):
    """More of a part, at most 20 times a second."""

    type: ClassVar[str] = "part.updated"
    part_id: str
    delta: str


@record
@dataclass(frozen=True, slots=True)
class PartCompleted(Event):
    type: ClassVar[str] = "part.completed"
    part_id: str


@record
@dataclass(frozen=True, slots=True)
class PartDiscarded(Event):
    """What was streamed of this part does not count: the request failed and is made again."""

    type: ClassVar[str] = "part.discarded"
    part_id: str
    reason: str


@record
@dataclass(frozen=True, slots=True)
class MessageAdded(Event):
    """A whole message entered the history (system, user or assistant; tool results come as `tool.completed`).

    Not durable by itself: a tool or the end of the turn follows at once, and what syncs that syncs this.
    """

    type: ClassVar[str] = "message.added"
    message: Message
    origin: Origin = ""


@record
@dataclass(frozen=True, slots=True)
class ToolStarted(Event):
    """A tool is about to run: the intent, on disk before any effect."""

    type: ClassVar[str] = "tool.started"
    durable: ClassVar[bool] = True
    call_id: str
    name: str
    arguments: str


@record
@dataclass(frozen=True, slots=True)
class ToolUpdated(Event):
    """Live output of a running tool."""

    type: ClassVar[str] = "tool.updated"
    call_id: str
    text: str


@record
@dataclass(frozen=True, slots=True)
class ToolCompleted(Event):
    """A tool's three results: `content` for the model, `display` for the person, `debug` for whoever looks into it."""

    type: ClassVar[str] = "tool.completed"
    durable: ClassVar[bool] = True
    call_id: str
    name: str
    is_error: bool
    content: tuple[Text | Image, ...]
    display: Display | None
    duration_s: float
    debug: dict[str, Any]


@record
@dataclass(frozen=True, slots=True)
class ApprovalRequested(Event):
    """A question to the person, with exactly what is to be allowed: a command, or the diff that an edit would make."""

    type: ClassVar[str] = "approval.requested"
    call_id: str
    name: str
    question: str
    display: Display | None = None
    cwd: str = ""
    """The directory in which a command would run."""
    repeatable: bool = False
    """Whether "for this session" makes sense as an answer."""
    rule: str = ""
    """The rule that may be offered, as `kimicode.agent.rules` writes it; "" where none may."""
    warning: str = ""
    """Why this call is asked about where others like it are not."""
    digest: str = ""
    """What the answer is bound to: a hash of command, directory, variables and sandbox, or of the edit."""


@record
@dataclass(frozen=True, slots=True)
class ApprovalResolved(Event):
    type: ClassVar[str] = "approval.resolved"
    durable: ClassVar[bool] = True
    call_id: str
    allowed: bool
    reason: str
    scope: Scope = "once"
    digest: str = ""
    """As in the question; "" where none was asked."""


@record
@dataclass(frozen=True, slots=True)
class PlanUpdated(Event):
    type: ClassVar[str] = "plan.updated"
    steps: tuple[PlanStep, ...]


@record
@dataclass(frozen=True, slots=True)
class UsageUpdated(Event):
    """After each request: its usage, the run's total, and how full the window is (tokens)."""

    type: ClassVar[str] = "usage.updated"
    step: Usage
    total: Usage
    context_tokens: int
    window: int


@record
@dataclass(frozen=True, slots=True)
class RetryScheduled(Event):
    type: ClassVar[str] = "retry.scheduled"
    attempt: int
    attempts: int
    wait_s: float
    reason: str


@record
@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something the person should know; `code` is stable, `text` is for reading."""

    type: ClassVar[str] = "notice"
    level: Literal["info", "warning", "error"]
    code: str
    text: str


@record
@dataclass(frozen=True, slots=True)
class CompactionStarted(Event):
    type: ClassVar[str] = "compaction.started"
    context_tokens: int
    reason: str


@record
@dataclass(frozen=True, slots=True)
class CompactionCompleted(Event):
    """The history was replaced by `messages`; token counts before and after."""

    type: ClassVar[str] = "compaction.completed"
    durable: ClassVar[bool] = True
    before: int
    after: int
    messages: tuple[Message, ...]


@record
@dataclass(frozen=True, slots=True)
class TurnCompleted(Event):
    type: ClassVar[str] = "turn.completed"
    durable: ClassVar[bool] = True
    turn_id: str
    status: Status
    steps: int


@record
@dataclass(frozen=True, slots=True)
class Result(Event):
    """The last record of every run, on every path."""

    type: ClassVar[str] = "result"
    durable: ClassVar[bool] = True
    status: Status
    exit_code: int
    session_id: str
    steps: int
    usage: Usage
    price: float | None
    duration_s: float
    files_changed: tuple[FileChange, ...]
    summary: str
    """Composed from the records: files with their diffstat, commands after the last edit with exit codes."""
    reason: str = ""
    """Why it stopped, where the status alone does not say: the limit, the error, the denied calls."""
    answer: str = ""
    """The model's own last words: its answer, its summary, or its plan."""
    recovered_calls: int = 0
    """Tool calls that were found in text or had to be repaired."""


Emit = Callable[[Event], None]
