"""Names that must not come to be: made empty before commands run, so that something can be mounted over them.

They stand on the person's disk meanwhile. Which ones are ours is recorded first; they go when the sandbox ends if they
are as they were made, and those of a killed agent at the next start: a record is locked for as long as its agent lives.
"""

import contextlib
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

FOLDERS = frozenset({".git", ".kimicode", "hooks", "info"})
CONTENTS = {"commondir": b"./\n"}
"""An empty file of that name would keep git from working; this one says what holds without it, to libgit2 as well."""


class Ghosts:
    """Those of one sandbox. `records` is a folder that commands cannot reach."""

    def __init__(self, records: Path) -> None:
        self._records = records
        self._record: TextIO | None = None
        self._ours: list[Path] = []

    def make(self, names: Iterable[Path]) -> None:
        """Make those that are absent. What cannot be made here cannot be made by a command either.

        Raises OSError where they cannot be recorded.
        """
        with _locked(self._records):
            others = set(_sweep(self._records))
            for name in names:
                self._ours += [path for path in _missing(name, others) if path not in self._ours]
            if not self._ours:
                return
            self._record = (self._records / f"{secrets.token_hex(8)}.json").open("x", encoding="ascii")
            fcntl.flock(self._record, fcntl.LOCK_EX)
            json.dump([os.fsencode(path).decode("latin-1") for path in self._ours], self._record)
            self._record.flush()
            for path in self._ours:
                _create(path)

    def remove(self) -> None:
        """Take away those that nobody filled meanwhile and that no other sandbox needs."""
        if self._record is None:
            return
        with _locked(self._records):
            # A process that is being started this moment has a copy of the descriptor: closing alone would not unlock.
            fcntl.flock(self._record, fcntl.LOCK_UN)
            self._record.close()
            self._record = None
            self._ours = []
            _sweep(self._records)


def sweep(records: Path) -> None:
    """Take away what agents left behind that no longer run."""
    if records.is_dir():
        with _locked(records):
            _sweep(records)


def _missing(name: Path, others: set[Path]) -> list[Path]:
    """The parts of the path that are absent, or there on behalf of another sandbox alone, outermost first.

    None where it lies in a folder that was removed: that one is not made again.
    """
    parts = [path for path in (name, *name.parents) if path in others or not os.path.lexists(path)]
    return parts[::-1] if all(path.name in FOLDERS for path in parts[1:]) else []


def _create(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.name in FOLDERS:
            path.mkdir()
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(CONTENTS.get(path.name, b""))


def _sweep(records: Path) -> list[Path]:
    """Drop the records of agents that are gone, and their ghosts. Returns those of the living."""
    needed: list[Path] = []
    left: list[Path] = []
    for file in sorted(records.glob("*.json")):
        with contextlib.suppress(OSError), open(file, encoding="ascii") as record:
            try:
                fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                needed += _paths(record)
                continue
            left += _paths(record)
            file.unlink()
    for path in sorted({*left} - {*needed}, key=lambda path: -len(path.parts)):
        _remove(path)
    return needed


def _paths(record: TextIO) -> list[Path]:
    """What a record names; nothing where its agent was killed while it wrote it, before it made any."""
    try:
        paths = [Path(os.fsdecode(str(path).encode("latin-1"))) for path in json.load(record)]
    except (ValueError, TypeError, RecursionError):
        return []
    return [path for path in paths if path.is_absolute() and "\0" not in str(path)]


def _remove(path: Path) -> None:
    """If it is as it was made."""
    content = CONTENTS.get(path.name, b"")
    with contextlib.suppress(OSError):
        if path.name in FOLDERS:
            path.rmdir()
        elif _is_file_of(path, len(content)) and path.read_bytes() == content:
            path.unlink()


def _is_file_of(path: Path, size: int) -> bool:
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_size == size


@contextlib.contextmanager
def _locked(records: Path) -> Iterator[None]:
    records.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(records / "lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
