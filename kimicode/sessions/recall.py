"""A session's history for going on with it: folded record by record, so that a journal of any size fits in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kimicode.events import Event, MessageAdded, PartUpdated, ToolCompleted, ToolUpdated
from kimicode.sessions.records import RecordError, from_line
from kimicode.sessions.replay import History, replay
from kimicode.sessions.tail import history_begins, lines_of

_MARKED = 80  # the type of a record stands within its first bytes
_STREAMED = tuple(f'"type":"{kind.type}"'.encode() for kind in (PartUpdated, ToolUpdated))
_CONVERSATION = tuple(f'"type":"{kind.type}"'.encode() for kind in (MessageAdded, ToolCompleted))


@dataclass(frozen=True, slots=True)
class Recalled:
    """`damaged` counts the records that should have been read and could not."""

    history: History
    damaged: int


def recall(folder: Path) -> Recalled:
    """What `replay` makes of all events, but for `partial`. Raises DiskError.

    What cannot change it is not even decoded: streamed pieces, and the conversation before the last record that
    replaced it.
    """
    damaged = 0

    def events() -> Iterator[Event]:
        nonlocal damaged
        begin = history_begins(folder)
        for offset, line in lines_of(folder):
            if _is_needless(line, offset < begin) or line.isspace():
                continue
            try:
                record = from_line(line)
            except RecordError:
                damaged += 1
                continue
            if record is not None:
                yield record.event

    return Recalled(replay(events()), damaged)


def _is_needless(line: bytes, replaced: bool) -> bool:
    head = line[:_MARKED]
    return any(mark in head for mark in _STREAMED) or (replaced and any(mark in head for mark in _CONVERSATION))
