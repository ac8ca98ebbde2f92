"""Back to an earlier prompt: the history before it, and a new session that begins with everything up to it."""

import os
import shutil
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from kimicode.errors import DiskError, UsageError
from kimicode.events import Event, TurnStarted
from kimicode.sessions.journal import JOURNAL, Journal, new_session_id
from kimicode.sessions.records import RecordError, from_line
from kimicode.sessions.replay import History, replay
from kimicode.sessions.tail import lines_of
from kimicode.sessions.titles import record, title_of


def history_before(folder: Path, turn_id: str) -> tuple[History, str]:
    """What the conversation was when the prompt of `turn_id` came, and that prompt. Raises DiskError, UsageError."""
    prompt: list[str] = []

    def earlier(event: Event) -> bool:
        if isinstance(event, TurnStarted) and event.turn_id == turn_id:
            prompt.append(event.prompt)
        return not prompt

    history = replay(takewhile(earlier, _events(folder)))
    if not prompt:
        raise _no_turn(turn_id)
    return history, prompt[0]


def fork(folder: Path, turn_id: str | None = None) -> str:
    """A new session with the journal copied up to that prompt, or whole; returns its id. Files are not touched.

    What commands printed at length stays in the folder of the old session. Raises DiskError and UsageError.
    """
    session_id = new_session_id()
    new = folder.parent / session_id
    journal = Journal.create(new)
    try:
        _copy(folder, new / JOURNAL, turn_id)
        if title := title_of(folder):
            record(journal, f"{title} (fork)")
    except UsageError:
        shutil.rmtree(new, ignore_errors=True)
        raise
    except OSError as error:
        raise DiskError.from_os("copy the session to", new, error) from error
    finally:
        journal.close()
    return session_id


def _copy(folder: Path, target: Path, turn_id: str | None) -> None:
    with target.open("ab") as copied:
        for _, line in lines_of(folder):
            if turn_id is not None and turn_id.encode() in line and _begins(line, turn_id):
                break
            if line.endswith(b"\n"):  # the last one may still be being written
                copied.write(line)
        else:
            if turn_id is not None:
                raise _no_turn(turn_id)
        copied.flush()
        os.fsync(copied.fileno())


def _begins(line: bytes, turn_id: str) -> bool:
    event = _event(line)
    return isinstance(event, TurnStarted) and event.turn_id == turn_id


def _events(folder: Path) -> Iterator[Event]:
    return (event for _, line in lines_of(folder) if (event := _event(line)) is not None)


def _event(line: bytes) -> Event | None:
    """None for what cannot be read, or only by a newer kimicode."""
    try:
        found = from_line(line)
    except RecordError:
        return None
    return found.event if found is not None else None


def _no_turn(turn_id: str) -> UsageError:
    return UsageError(f"the session has no turn {turn_id}")
