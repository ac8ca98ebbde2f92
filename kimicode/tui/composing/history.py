"""Prompts of before: one file for all projects and processes, and the walk through it with the arrow keys.

A prompt that begins with a blank is not kept, as in shells: the place for what nobody else shall read."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kimicode.tui.composing.draft import Draft

MOST_ENTRIES = 1000
LARGEST_ENTRY = 256 * 1024
_ROOM = 4 * 1024 * 1024
"""Bytes of the file after which the oldest entries go; half of it is kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    draft: Draft
    project: str


@dataclass(slots=True)
class History:
    """The file at `path`, as seen from one project. Whatever cannot be read or written is as if it were not there."""

    path: Path
    project: Path
    _seen: tuple[int, int] = (-1, -1)
    _entries: list[Entry] = field(default_factory=list)
    _unsaved: list[Entry] = field(default_factory=list)

    def add(self, draft: Draft) -> None:
        """Keep a draft that was sent."""
        if not draft or draft.text.startswith(" "):
            return
        entry = Entry(draft, str(self.project))
        line = json.dumps({"project": entry.project, **draft.to_json()}).encode() + b"\n"
        try:
            if len(line) > LARGEST_ENTRY:
                raise OSError("too large for the file")
            self._append(line)
        except OSError:
            self._unsaved.append(entry)

    def remember(self, draft: Draft) -> None:
        """Keep a draft that was given up, until the program ends."""
        if draft and not draft.text.startswith(" "):
            self._unsaved.append(Entry(draft, str(self.project)))

    def drafts(self) -> list[Draft]:
        """What to walk through, the newest first: this project's, then the others', each text once."""
        newest_first = [*self._read(), *self._unsaved][::-1]
        here = [entry for entry in newest_first if entry.project == str(self.project)]
        drafts: dict[str, Draft] = {}
        for entry in (*here, *newest_first):
            drafts.setdefault(entry.draft.text, entry.draft)
        return list(drafts.values())

    def _read(self) -> list[Entry]:
        try:
            with open(self.path, "rb") as stream:
                status = os.fstat(stream.fileno())
                if (status.st_ino, status.st_size) != self._seen:
                    stream.seek(max(0, status.st_size - _ROOM))
                    self._entries = list(_entries(stream.read(_ROOM)))[-MOST_ENTRIES:]
                    self._seen = (status.st_ino, status.st_size)
        except OSError:
            self._entries = []
        return self._entries

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(self.path) as stream:
            size = stream.seek(0, os.SEEK_END)
            if size and _byte_before(stream, size) != b"\n":  # a process died while it wrote
                line = b"\n" + line
            stream.write(line)
            stream.flush()
            if size + len(line) > _ROOM:
                _shorten(stream, self.path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file opened for appending, ours alone for as long as it takes. Raises OSError."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with open(descriptor, "r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                    yield stream
                    return
            # somebody shortened it meanwhile: this one is no longer the file


def _byte_before(stream: BinaryIO, position: int) -> bytes:
    stream.seek(position - 1)
    return stream.read(1)


def _shorten(stream: BinaryIO, path: Path) -> None:
    """Replace the file by its newer half; whoever waits for its lock notices."""
    stream.seek(-_ROOM // 2, os.SEEK_END)
    kept = stream.read().partition(b"\n")[2]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as new:
            new.write(kept)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _entries(data: bytes) -> Iterator[Entry]:
    for line in data.split(b"\n"):
        with contextlib.suppress(ValueError, RecursionError):  # torn, or not ours
            record = json.loads(line)
            draft = Draft.from_json(record)
            if draft:
                yield Entry(draft, str(record.get("project", "")))


@dataclass(slots=True)
class Walk:
    """A walk through drafts: back to older ones and forth again to what was being written. Changes on the way stay."""

    drafts: list[Draft]
    """The one being written first, then the newest of before."""
    place: int = 0

    def step(self, present: Draft, by: int) -> Draft | None:
        """The draft `by` steps further back, after noting the present one; None at either end."""
        self.drafts[self.place] = present
        if not 0 <= self.place + by < len(self.drafts):
            return None
        self.place += by
        return self.drafts[self.place]
