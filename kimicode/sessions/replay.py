"""From a journal's events back to what the agent knew: a fold over the events, then the API's pairing rules."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from kimicode.events import (
    CompactionCompleted,
    Event,
    MessageAdded,
    ModeChanged,
    ModelChanged,
    PartDiscarded,
    PartStarted,
    PartUpdated,
    PlanStep,
    PlanUpdated,
    Result,
    Rewound,
    SessionStarted,
    Status,
    StepStarted,
    TitleChanged,
    ToolCompleted,
    TurnCompleted,
    TurnStarted,
    UsageUpdated,
)
from kimicode.messages import Message, Part, Text, ToolCall, ToolResult, Usage
from kimicode.sessions.records import is_object

INTERRUPTED = (
    Text(
        "interrupted: the session ended before this call returned, so it may or may not have taken effect; "
        "check before repeating it"
    ),
)
"""The content of a result that never came."""


@dataclass(frozen=True, slots=True)
class History:
    """A session as its journal tells it. `messages` can be sent to a model as they stand."""

    messages: tuple[Message, ...]
    plan: tuple[PlanStep, ...]
    usage: Usage
    """Of the session, over all its runs; an event's own totals are those of one run."""
    steps: int
    """Requests to the model, over all runs as well."""
    cwd: str
    model: str
    mode: str
    session_id: str
    prompts: tuple[str, ...]
    status: Status | None
    """How the last turn ended; None if it did not (the process died) or there was none."""
    interrupted_calls: int
    """Calls that the end of the journal left open; the model is told of each in a synthetic result."""
    partial: str
    """Text that was streamed but whose message never came; it is not part of `messages`."""
    turns: tuple[tuple[str, str], ...] = ()
    """Turn id and prompt of what the conversation consists of; those that it went back behind are not among them."""
    title: str = ""


def replay(events: Iterable[Event]) -> History:
    """Fold the events of a journal, of any prefix of it, or of a damaged one into its history."""
    fold = _Fold()
    for event in events:
        fold.conversation(event)
        fold.streamed(event)
        fold.state(event)
    messages = _paired(fold.messages)
    return History(
        messages=messages,
        plan=fold.plan,
        usage=fold.usage,
        steps=fold.steps,
        cwd=fold.cwd,
        model=fold.model,
        mode=fold.mode,
        session_id=fold.session_id,
        prompts=tuple(fold.prompts),
        status=fold.status,
        interrupted_calls=_interrupted_calls(messages),
        partial="".join(text for fragments in fold.parts.values() for text in fragments),
        turns=tuple(fold.turns),
        title=fold.title,
    )


@dataclass(slots=True)
class _Fold:
    """What is known after some events. `messages` is raw: in the order of arrival, a tool message per result."""

    messages: list[Message] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)
    turns: list[tuple[str, str]] = field(default_factory=list)
    title: str = ""
    plan: tuple[PlanStep, ...] = ()
    usage: Usage = field(default_factory=Usage)
    earlier_runs: Usage = field(default_factory=Usage)
    steps: int = 0
    session_id: str = ""
    cwd: str = ""
    model: str = ""
    mode: str = ""
    status: Status | None = None

    def conversation(self, event: Event) -> None:
        match event:
            case MessageAdded(message):
                self.messages.append(message)
            case ToolCompleted():
                result = ToolResult(event.call_id, event.name, event.content, event.is_error)
                self.messages.append(Message("tool", (result,)))
            case CompactionCompleted() | Rewound():
                self.messages = list(event.messages)

    def streamed(self, event: Event) -> None:
        """Keep the text of the answer that is under way; a new request or the whole message ends it."""
        match event:
            case TurnStarted() | StepStarted() | MessageAdded(Message("assistant")):
                self.parts.clear()
            case PartStarted(part_id, "text"):
                self.parts[part_id] = []
            case PartUpdated(part_id, delta) if part_id in self.parts:
                self.parts[part_id].append(delta)
            case PartDiscarded(part_id):
                self.parts.pop(part_id, None)

    def state(self, event: Event) -> None:
        match event:
            case SessionStarted():
                self.session_id = self.session_id or event.session_id
                self.cwd, self.model, self.mode = event.cwd, event.model, event.mode
                self.earlier_runs = self.usage
            case TurnStarted():
                self.prompts.append(event.prompt)
                self.turns.append((event.turn_id, event.prompt))
                self.status = None
            case Rewound():
                kept = [turn_id for turn_id, _ in self.turns]
                del self.turns[kept.index(event.turn_id) if event.turn_id in kept else len(kept) :]
                self.plan = event.plan
            case ModeChanged():
                self.mode = event.mode
            case ModelChanged():
                self.model = event.model
            case TitleChanged():
                self.title = event.title
            case StepStarted():
                self.steps += 1
            case UsageUpdated():
                self.usage = self.earlier_runs + event.total
            case PlanUpdated():
                self.plan = event.steps
            case TurnCompleted():
                self.status = event.status
            case Result():
                self.status = event.status
                self.usage = self.earlier_runs + event.usage


# --- pairing --------------------------------------------------------------------------------------------------


def _paired(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Put one tool message after each assistant message that calls tools, with a result for every call."""
    kept: list[tuple[Message, list[ToolResult]]] = []
    results: list[ToolResult] = []
    for message in messages:
        if message.role == "tool":
            results.extend(part for part in message.parts if isinstance(part, ToolResult))
            continue
        if _calls(message):
            results = []  # ids may repeat later in a session, so results belong to the latest calls
        kept.append((message, results))
    return tuple(one for message, results in kept for one in _answered(message, results))


def _answered(message: Message, results: Sequence[ToolResult]) -> Iterator[Message]:
    calls = _calls(message)
    if not calls:
        yield message
        return
    yield replace(message, parts=tuple(_with_valid_arguments(part) for part in message.parts))
    waiting = list(results)
    answers = []
    for call in calls:
        answer = next((result for result in waiting if result.call_id == call.id), None)
        if answer:
            waiting.remove(answer)
        answers.append(answer or ToolResult(call.id, call.name, INTERRUPTED, is_error=True))
    yield Message("tool", tuple(answers))


def _calls(message: Message) -> tuple[ToolCall, ...]:
    return message.tool_calls if message.role == "assistant" else ()


def _with_valid_arguments(part: Part) -> Part:
    """One call with broken JSON, left by damage, would make the server refuse every later request."""
    if isinstance(part, ToolCall) and not is_object(part.arguments):
        return replace(part, arguments="{}")
    return part


def _interrupted_calls(messages: Sequence[Message]) -> int:
    if not messages or messages[-1].role != "tool":
        return 0
    return sum(isinstance(part, ToolResult) and part.content == INTERRUPTED for part in messages[-1].parts)
