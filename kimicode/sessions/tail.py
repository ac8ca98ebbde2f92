"""A long journal read from its end and by places: where its turns and steps begin, without decoding what lies between.

Nothing here needs the lock, and nothing keeps more than a part of the file in memory."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kimicode.errors import DiskError
from kimicode.sessions.journal import JOURNAL
from kimicode.sessions.records import Record, RecordError, from_line

_CHUNK = 1024 * 1024
_RECENT = 256 * 1024
_HEAD = re.compile(
    rb'^\{"v":\d+,"t":[\d.e+-]+,"type":"(turn|step|conversation)\.(?:started|rewound)","turn_id":"([^"\\]*)"',
    re.MULTILINE,
)
_REPLACED = re.compile(
    rb'^\{"v":\d+,"t":[\d.e+-]+,"type":"(?:compaction\.completed|conversation\.rewound)"', re.MULTILINE
)
_PIECE = b'"type":"part.updated"'
_ANSWER = b'"type":"message.added","message":{"type":"message","role":"assistant"'
_BEGINS = (b'"type":"step.started"', b'"type":"turn.started"')
_CUT_SHORT = b"[interrupted]"
_MARKED = 160  # the type of a record, and the role of a message, stand within its first bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """A record that begins a turn or a step, or that takes the conversation back; `start` is its byte offset."""

    start: int
    kind: Literal["turn", "step", "rewound"]
    turn: str


def journal_of(path: Path) -> Path:
    """The journal of a session's folder, or the file itself."""
    return path / JOURNAL if path.is_dir() else path


def marks(path: Path, start: int = 0, end: int | None = None) -> Iterator[Mark]:
    """The marks of a journal between two byte offsets, `start` being that of a record. Raises DiskError."""
    for offset, lines, whole in _chunks(path, start, end):
        for found in _HEAD.finditer(lines, 0, whole):
            kind, turn = found[1].decode(), found[2].decode("ascii", "replace")
            yield Mark(offset + found.start(), "rewound" if kind == "conversation" else kind, turn)  # type: ignore[arg-type]


def recent(path: Path, pages: int) -> list[Mark]:
    """The marks of the journal's end: of so many turns and steps at least, if there are as many. Raises DiskError.

    Where the conversation was taken back, they begin before the turn to which that was.
    """
    path = journal_of(path)
    size = size_of(path)
    span = _RECENT
    while True:
        found = list(marks(path, _line_after(path, size - span)))
        if span >= size or (sum(mark.kind != "rewound" for mark in found) >= pages and not _unresolved(found)):
            return found
        span *= 2


def records(path: Path, start: int = 0, end: int | None = None) -> Iterator[Record]:
    """The readable records between two byte offsets. Raises DiskError.

    Pieces of an answer are left out where the whole answer follows.
    """
    for line in _needed(line for _, line in lines_of(path, start, end)):
        with suppress(RecordError):
            record = from_line(line)
            if record is not None:
                yield record


def size_of(path: Path) -> int:
    """Bytes of the journal. Raises DiskError."""
    try:
        return journal_of(path).stat().st_size
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error


def history_begins(path: Path) -> int:
    """The offset of the last record that replaced the whole history, 0 if there is none. Raises DiskError."""
    last = 0
    for offset, lines, whole in _chunks(path, 0, None):
        for found in _REPLACED.finditer(lines, 0, whole):
            last = offset + found.start()
    return last


def lines_of(path: Path, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The lines between two byte offsets, each with its own. Raises DiskError."""
    path = journal_of(path)
    try:
        with path.open("rb") as file:
            file.seek(start)
            while (end is None or start < end) and (line := file.readline()):
                yield start, line
                start += len(line)
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error


def _chunks(path: Path, start: int, end: int | None) -> Iterator[tuple[int, bytes, int]]:
    """Pieces of the file with their offsets; in each, the lines that are whole end at the third value."""
    path = journal_of(path)
    try:
        with path.open("rb") as file:
            file.seek(start)
            lines = b""
            while chunk := file.read(_CHUNK if end is None else min(_CHUNK, end - start - len(lines))):
                lines += chunk
                whole = lines.rfind(b"\n") + 1
                yield start, lines, whole
                lines = lines[whole:]
                start += whole
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error


def _unresolved(found: list[Mark]) -> bool:
    begun = set()
    for mark in found:
        if mark.kind == "rewound" and mark.turn not in begun:
            return True
        if mark.kind == "turn":
            begun.add(mark.turn)
    return False


def _line_after(path: Path, offset: int) -> int:
    """Where the first line begins at or behind a byte offset."""
    if offset <= 0:
        return 0
    try:
        with path.open("rb") as file:
            file.seek(offset - 1)
            file.readline()
            return file.tell()
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error


def _needed(lines: Iterator[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    for line in lines:
        head = line[:_MARKED]
        if _ANSWER in head and _CUT_SHORT not in line[-_MARKED:]:
            yield from (one for one in pending if _PIECE not in one[:_MARKED])
            pending.clear()
            yield line
        elif any(mark in head for mark in _BEGINS):
            yield from pending
            pending.clear()
            yield line
        elif pending or _PIECE in head:
            pending.append(line)
        else:
            yield line
    yield from pending
