"""What stays of a turn when the conversation goes back to before one of its calls, as events to be told again.

Of an answer with several calls the earlier ones stay, with their results; one that began with this call goes entirely.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from kimicode.events import (
    CompactionCompleted,
    Event,
    MessageAdded,
    PlanUpdated,
    Rewound,
    ToolCompleted,
    ToolStarted,
    TurnCompleted,
    TurnStarted,
)
from kimicode.messages import Message, Part, ToolCall
from kimicode.sessions.tail import journal_of, records

_TOLD = (TurnStarted, MessageAdded, ToolStarted, ToolCompleted, PlanUpdated, CompactionCompleted)


def before_call(folder: Path, turn_id: str, call_id: str) -> tuple[Event, ...]:
    """From the turn's start to its end, which is now; nothing where the turn, as last told, has no such call.

    Raises DiskError.
    """
    turn = _turn(folder, turn_id)
    place = next((at for at, event in enumerate(turn) if call_id in _calls(event)), None)
    if place is None:
        return ()
    answer = turn[place]
    assert isinstance(answer, MessageAdded)
    kept = tuple(takewhile(lambda call: call != call_id, _calls(answer)))
    results = [event for event in turn[place:] if isinstance(event, ToolStarted | ToolCompleted)]
    rest = [_shortened(answer, kept), *(event for event in results if event.call_id in kept)] if kept else []
    return (*turn[:place], *rest, TurnCompleted(turn_id, "interrupted", 0))


def _turn(folder: Path, turn_id: str) -> list[Event]:
    """Its events, as it was told last."""
    told: list[Event] = []
    within = False
    for event in (record.event for record in records(journal_of(folder))):
        if isinstance(event, TurnStarted | Rewound):
            within = isinstance(event, TurnStarted) and event.turn_id == turn_id
            told = [] if within else told
        if within and isinstance(event, _TOLD):
            told.append(event)
    return told


def _calls(event: Event) -> tuple[str, ...]:
    if not isinstance(event, MessageAdded) or event.message.role != "assistant":
        return ()
    return tuple(call.id for call in event.message.tool_calls)


def _shortened(answer: MessageAdded, kept: tuple[str, ...]) -> MessageAdded:
    return replace(answer, message=replace(answer.message, parts=tuple(_parts(answer.message, kept))))


def _parts(message: Message, kept: tuple[str, ...]) -> Iterator[Part]:
    return (part for part in message.parts if not isinstance(part, ToolCall) or part.id in kept)
