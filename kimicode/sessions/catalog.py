"""Which sessions there are. The folders are the catalogue: only the head and the tail of each journal are read."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from kimicode.errors import DiskError, UsageError
from kimicode.events import Event, Result, SessionStarted, StepStarted, TurnCompleted, TurnStarted, UsageUpdated
from kimicode.paths import sessions_dir
from kimicode.sessions.journal import JOURNAL, is_open
from kimicode.sessions.records import RecordError, from_line
from kimicode.sessions.titles import title_from, title_of

_HEAD = 1024 * 1024
_TAILS = (64 * 1024, 1024 * 1024)
_TELLING = (SessionStarted, TurnStarted, StepStarted, UsageUpdated, TurnCompleted, Result)
_MARKS = tuple(f'"type":"{kind.type}"'.encode() for kind in _TELLING)
_TURN_MARK = f'"type":"{TurnStarted.type}"'.encode()
_MARKED = 80  # the type of a record stands within its first bytes
_CANDIDATES = 10


@dataclass(slots=True)
class SessionInfo:
    """A session in one line. `updated` is Unix seconds.

    `steps` and `price` (US dollars, None if unknown) are those of the last run: earlier ones are not in the tail.
    """

    id: str
    folder: Path
    updated: float
    cwd: str = ""
    model: str = ""
    status: str = "empty"
    """How the last turn ended; "interrupted" if it did not, "running" while a process writes the session."""
    steps: int = 0
    price: float | None = None
    prompt: str = ""
    """The first prompt of the session, whole."""
    name: str = ""
    """The title that the person gave it."""

    @property
    def title(self) -> str:
        """One line: the name that was given, else the first line of the first prompt."""
        return self.name or title_from(self.prompt)


def list_sessions(cwd: Path | None = None, limit: int | None = None, *, root: Path | None = None) -> list[SessionInfo]:
    """The sessions, last used first; with `cwd` those that began in this folder. Raises DiskError.

    `root` is the folder of all sessions, by default the user's.
    """
    places = {str(cwd), str(cwd.resolve())} if cwd else set()
    infos = (_info(folder, updated) for updated, folder in sorted(_folders(root), reverse=True))
    return list(islice((info for info in infos if not places or info.cwd in places), limit))


def latest_session(cwd: Path, *, root: Path | None = None) -> Path | None:
    """The folder of the session last used in `cwd`, or None. Raises DiskError."""
    found = list_sessions(cwd, 1, root=root)
    return found[0].folder if found else None


def session_ids(prefix: str = "", *, root: Path | None = None) -> list[str]:
    """The ids that begin with `prefix`, last used first. Raises DiskError."""
    return [folder.name for _, folder in sorted(_folders(root), reverse=True) if folder.name.startswith(prefix)]


def describe(folder: Path) -> SessionInfo:
    """One session by its folder; what cannot be read of it is left empty."""
    return _info(folder, 0.0)


def find_session(prefix: str, *, root: Path | None = None) -> Path:
    """The folder of the one session whose id begins with `prefix`. Raises UsageError, which lists candidates."""
    folders = {folder.name: folder for _, folder in _folders(root)}
    if prefix in folders:
        return folders[prefix]
    matches = sorted((name for name in folders if name.startswith(prefix)), reverse=True)
    if not matches:
        raise UsageError(f"no session {prefix!r}", hint="See `kimicode sessions list --all`.")
    if len(matches) > 1:
        shown = [*matches[:_CANDIDATES], *(["…"] if len(matches) > _CANDIDATES else [])]
        raise UsageError(
            f"{len(matches)} sessions begin with {prefix!r}", hint="Say which:\n" + "\n".join(f"  {n}" for n in shown)
        )
    return folders[matches[0]]


def _folders(root: Path | None) -> Iterator[tuple[float, Path]]:
    """Each session's folder with the time of its last record."""
    root = root or sessions_dir()
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    yield os.stat(os.path.join(entry.path, JOURNAL)).st_mtime, Path(entry.path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DiskError.from_os("list the sessions in", root, error) from error


def _info(folder: Path, updated: float) -> SessionInfo:
    info = SessionInfo(folder.name, folder, updated)
    try:
        with (folder / JOURNAL).open("rb") as file:
            events = [*_telling(_head(file)), *_tail(file)]
    except OSError:
        info.status = "unreadable"
        return info
    for event in events:
        _learn(info, event)
    info.name = title_of(folder)
    if is_open(folder):
        info.status = "running"
    return info


def _learn(info: SessionInfo, event: Event) -> None:
    """Head and tail of a short journal overlap: learning an event twice must change nothing."""
    match event:
        case SessionStarted():
            info.cwd = info.cwd or event.cwd
            info.model = event.model
        case TurnStarted():
            info.prompt = info.prompt or event.prompt
            info.status = "interrupted"
        case StepStarted():
            info.steps = event.step
        case UsageUpdated():
            info.price = event.total.price
        case TurnCompleted():
            info.status = event.status
        case Result():
            info.status, info.steps, info.price = event.status, event.steps, event.price


def _head(file: BinaryIO) -> Iterator[bytes]:
    """The lines up to the first prompt."""
    taken = 0
    while taken < _HEAD and (line := file.readline(_HEAD)):
        taken += len(line)
        yield line
        if _TURN_MARK in line[:_MARKED]:
            return


def _tail(file: BinaryIO) -> list[Event]:
    """The telling events of the last 64 KiB, or of the last MiB where big outputs have pushed them further up."""
    size = file.seek(0, os.SEEK_END)
    events: list[Event] = []
    for span in _TAILS:
        file.seek(max(0, size - span))
        lines = file.read(span).split(b"\n")
        events = _telling(lines if span >= size else lines[1:])
        if span >= size or any(isinstance(event, (UsageUpdated, Result)) for event in events):
            break
    return events


def _telling(lines: Iterable[bytes]) -> list[Event]:
    events = []
    for line in lines:
        if any(mark in line[:_MARKED] for mark in _MARKS):
            with suppress(RecordError):
                record = from_line(line)
                events.extend([record.event] if record else [])
    return events
