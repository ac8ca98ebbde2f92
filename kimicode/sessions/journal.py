"""The journal: one folder per session, one JSON record per line, only ever appended to by one process at a time.

A record that `append` acknowledged survives the death of the process; a durable one survives the loss of power.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from kimicode.config.secrets import Redact, unredacted
from kimicode.errors import DiskError, LockedSession
from kimicode.events import Event
from kimicode.sessions.records import Record, RecordError, from_line, is_object, to_line

JOURNAL = "journal.jsonl"
LOCK = "lock"

_ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_CHUNK = 64 * 1024
_LOCK_TRIES = 5
_LOCK_WAIT_S = 0.02
_DAMAGE_KEPT = 1000

_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


def new_session_id(now: datetime | None = None) -> str:
    """A name for a session such as 20261122-104501-k3f9: UTC, so that names sort by time, and four random letters."""
    suffix = "".join(secrets.choice(_ID_LETTERS) for _ in range(4))
    return f"{now or datetime.now(UTC):%Y%m%d-%H%M%S}-{suffix}"


class Journal:
    """The writer of one session, which it holds locked until `close` or the end of the process."""

    def __init__(self, folder: Path, lock: int, file: int) -> None:
        self.folder = folder
        self.outputs = folder / "outputs"
        self.redact: Redact = unredacted
        """What keeps secrets out of the records."""
        self._lock = lock
        self._file = file
        self._failure: OSError | None = None

    @classmethod
    def create(cls, folder: Path) -> "Journal":
        """Begin a session in a folder that must not exist yet. Raises DiskError."""
        try:
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
            (folder / "outputs").mkdir(mode=0o700)
            os.close(os.open(folder / JOURNAL, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _sync_folder(folder)
            _sync_folder(folder.parent)
        except OSError as error:
            failure = DiskError.from_os("create the session", folder, error)
            failure.hint = "KIMICODE_HOME=FOLDER keeps sessions elsewhere."
            raise failure from error
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "Journal":
        """Continue a session: lock it, and cut a torn last line, whose bytes are kept in `journal.torn-N`.

        Raises LockedSession while another process writes it, and DiskError.
        """
        try:
            lock = _acquire(folder)
            try:
                file = _open_repaired(folder)
            except OSError:
                os.close(lock)
                raise
        except OSError as error:
            raise DiskError.from_os("open the session", folder, error) from error
        return cls(folder, lock, file)

    def append(self, event: Event) -> None:
        """Write one event; a durable one is on the disk on return. Raises DiskError, then and on every later call."""
        if self._failure is None:
            try:
                self._write(to_line(event, time.time(), self.redact), durable=event.durable)
                return
            except OSError as error:
                self._failure = error
        reason = self._failure.strerror or self._failure
        raise DiskError(
            f"cannot write {self.folder / JOURNAL}: {reason}",
            hint="The session is kept up to its last whole record. Cure the disk, then resume it.",
        ) from self._failure

    def close(self) -> None:
        """Release the session. Closing twice is fine; appending afterwards is a DiskError."""
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1

    def _write(self, line: bytes, *, durable: bool) -> None:
        start = os.lseek(self._file, 0, os.SEEK_END)
        whole = False
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            if durable:
                _sync(self._file)
            whole = True
        finally:
            if not whole:  # a full disk, or an interrupt between two short writes
                with suppress(OSError):
                    os.ftruncate(self._file, start)


def is_open(folder: Path) -> bool:
    """Whether a living process, this one included, is writing the session."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


# --- reading --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that could not be read: its number from 1, its first 1,000 bytes, its size in bytes, and why."""

    line: int
    content: bytes
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a journal holds. `unknown` counts the records that only a newer kimicode understands."""

    events: tuple[Event, ...]
    damaged: tuple[Damage, ...]
    unknown: int = 0


def read_events(path: Path) -> Loaded:
    """Everything readable in a journal file (or a session's folder), in order; needs no lock.

    Content never fails: a bad line is set aside in `damaged` and the rest is read. Raises DiskError.
    """
    path = path / JOURNAL if path.is_dir() else path
    events: list[Event] = []
    damaged: list[Damage] = []
    unknown = 0
    try:
        for found in _read(path):
            if isinstance(found, Record):
                events.append(found.event)
            elif isinstance(found, Damage):
                damaged.append(found)
            else:
                unknown += 1
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error
    return Loaded(tuple(events), tuple(damaged), unknown)


def _read(path: Path) -> Iterator[Record | Damage | None]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isspace():
                continue
            try:
                yield from_line(line)
            except RecordError as error:
                reason = str(error) if line.endswith(b"\n") else "cut off"
                yield Damage(number, line[:_DAMAGE_KEPT], len(line), reason)


# --- lock and repair ------------------------------------------------------------------------------------------


def _acquire(folder: Path) -> int:
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(lock)
    except BlockingIOError:
        pid = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(lock)
        raise LockedSession(
            f"session {folder.name} is in use by process {pid}",
            hint="Leave it there first, or start a new session here.",
        ) from None
    except OSError:
        os.close(lock)
        raise
    with suppress(OSError):  # the number is only for people; a full disk must not keep the session shut
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _take(lock: int) -> None:
    """Lock without waiting, but not deterred by `is_open`, which holds the lock for an instant."""
    for tries_left in reversed(range(_LOCK_TRIES)):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not tries_left:
                raise
            time.sleep(_LOCK_WAIT_S)


def _open_repaired(folder: Path) -> int:
    file = os.open(folder / JOURNAL, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        _repair(file, folder)
        (folder / "outputs").mkdir(mode=0o700, exist_ok=True)
    except OSError:
        os.close(file)
        raise
    return file


def _repair(file: int, folder: Path) -> None:
    """Make the file end in a whole line, so that the next record does not stick to a torn one."""
    start = _start_of_last_line(file)
    line = os.pread(file, os.fstat(file).st_size - start, start)
    if not line:
        return
    if not is_object(line):
        _keep_aside(folder, line)
        os.ftruncate(file, start)
        os.fsync(file)
    elif not line.endswith(b"\n"):
        os.write(file, b"\n")


def _start_of_last_line(file: int) -> int:
    end = os.fstat(file).st_size - 1  # the newline that ends the last line is not the one before it
    while end > 0:
        begin = max(0, end - _CHUNK)
        newline = os.pread(file, end - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end = begin
    return 0


def _keep_aside(folder: Path, line: bytes) -> None:
    names = (folder / f"journal.torn-{number}" for number in count(1))
    name = next(name for name in names if not name.exists())
    descriptor = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as aside:
        aside.write(line)
        aside.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
