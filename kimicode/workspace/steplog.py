"""What each step changed in the workspace: one JSON line a step, only ever appended; a torn one is passed over."""

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kimicode.errors import DiskError
from kimicode.workspace.snapshots import State, Store

Author = Literal["agent", "person", "restore"]


@dataclass(frozen=True, slots=True)
class Change:
    """What stood at the absolute `path` before and after."""

    path: str
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class Step:
    """Changes with one author. `number` counts from 1 what can be taken back; what a person changed has number 0."""

    number: int
    author: Author
    turn_id: str
    title: str
    """What was done, in one line: "strreplace src/a.py"."""
    time: float
    """Unix seconds."""
    changes: tuple[Change, ...]
    token: str = ""
    """Names a restore, so that one that was cut off is recorded once."""


class StepLog:
    """The steps of one session, in a folder of its own with their store."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; nothing is made before the first step. Raises DiskError."""
        self.folder = folder
        self.store = Store(folder / "blobs")
        self._file = folder / "steps.jsonl"
        self.steps: list[Step] = []
        try:
            text = self._file.read_bytes() if self._file.exists() else b""
        except OSError as error:
            raise DiskError.from_os("read", self._file, error) from error
        for line in text.splitlines():
            with suppress(ValueError, TypeError, KeyError):  # a line that a crash cut off
                self.steps.append(_step(json.loads(line)))
        self._torn = bool(text) and not text.endswith(b"\n")

    @property
    def last_number(self) -> int:
        return max((step.number for step in self.steps), default=0)

    def append(
        self, author: Author, turn_id: str, title: str, changes: Sequence[Change], token: str = ""
    ) -> Step | None:
        """Record a step; None where nothing changed. Raises DiskError."""
        if not changes:
            return None
        number = 0 if author == "person" else self.last_number + 1
        step = Step(number, author, turn_id, title, round(time.time(), 3), tuple(changes), token)
        line = ("\n" if self._torn else "") + json.dumps(_record(step)) + "\n"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with open(descriptor, "ab", buffering=0) as file:
                file.write(line.encode("ascii"))
                os.fsync(descriptor)
        except OSError as error:
            self._torn = True
            raise DiskError.from_os("record a step in", self._file, error) from error
        self._torn = False
        self.steps.append(step)
        return step


def state_record(state: State) -> list[Any]:
    """A state as JSON takes it."""
    return [state.kind, state.mode, state.digest, state.size]


def change_record(change: Change) -> list[Any]:
    return [change.path, state_record(change.before), state_record(change.after)]


def change_of(record: list[Any]) -> Change:
    """Back from `change_record`. Raises ValueError and TypeError for what is none."""
    path, before, after = record
    return Change(path, State(*before), State(*after))


def _record(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "author": step.author,
        "turn": step.turn_id,
        "title": step.title,
        "time": step.time,
        "token": step.token,
        "changes": [change_record(change) for change in step.changes],
    }


def _step(record: dict[str, Any]) -> Step:
    changes = tuple(change_of(change) for change in record["changes"])
    return Step(
        record["number"], record["author"], record["turn"], record["title"], record["time"], changes, record["token"]
    )
