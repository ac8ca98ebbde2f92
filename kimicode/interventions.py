"""What a person does to a session beside prompting it, as events: modes, models, ways back, commands, asides."""

from dataclasses import dataclass
from typing import ClassVar

from kimicode.displays import PlanStep
from kimicode.event import Event
from kimicode.messages import Message, record


@record
@dataclass(frozen=True, slots=True)
class ModeChanged(Event):
    """The person chose another mode; it holds from the next step on."""

    type: ClassVar[str] = "mode.changed"
    durable: ClassVar[bool] = True
    mode: str


@record
@dataclass(frozen=True, slots=True)
class ModelChanged(Event):
    """Another model answers from the next request on; `window` in tokens."""

    type: ClassVar[str] = "model.changed"
    durable: ClassVar[bool] = True
    model: str
    thinking: bool
    window: int


@record
@dataclass(frozen=True, slots=True)
class TitleChanged(Event):
    """The person gave the session a name."""

    type: ClassVar[str] = "title.changed"
    durable: ClassVar[bool] = True
    title: str


@record
@dataclass(frozen=True, slots=True)
class Rewound(Event):
    """The conversation went back to before the prompt of `turn_id`; the history was replaced by `messages`.

    Files have an event of their own. That turn and all after it are no part of the conversation any more.
    """

    type: ClassVar[str] = "conversation.rewound"
    durable: ClassVar[bool] = True
    turn_id: str
    prompt: str
    messages: tuple[Message, ...]
    plan: tuple[PlanStep, ...] = ()


@record
@dataclass(frozen=True, slots=True)
class FilesRestored(Event):
    """Files are again as they were before step `before`; the restore is `step` itself, and can be taken back."""

    type: ClassVar[str] = "files.restored"
    durable: ClassVar[bool] = True
    step: int
    before: int
    paths: tuple[str, ...]
    left: tuple[str, ...] = ()
    """Paths that stayed as they are, since their earlier bytes were not kept."""


@record
@dataclass(frozen=True, slots=True)
class ShellStarted(Event):
    """The person runs a command in the agent's shell; its live output comes as `tool.updated` with this id."""

    type: ClassVar[str] = "shell.started"
    durable: ClassVar[bool] = True
    call_id: str
    command: str


@record
@dataclass(frozen=True, slots=True)
class ShellCompleted(Event):
    """What the person's command printed; `exit_code` is None where it goes on in the background or was stopped."""

    type: ClassVar[str] = "shell.completed"
    call_id: str
    command: str
    output: str
    exit_code: int | None
    duration_s: float


@record
@dataclass(frozen=True, slots=True)
class AsideStarted(Event):
    """A question beside the conversation: it and its answer never enter the history."""

    type: ClassVar[str] = "aside.started"
    aside_id: str
    question: str


@record
@dataclass(frozen=True, slots=True)
class AsideUpdated(Event):
    """More of its answer, at most 20 times a second."""

    type: ClassVar[str] = "aside.updated"
    aside_id: str
    delta: str


@record
@dataclass(frozen=True, slots=True)
class AsideCompleted(Event):
    """The whole answer; `problem` says why there is none, or only a part."""

    type: ClassVar[str] = "aside.completed"
    aside_id: str
    text: str
    problem: str = ""
