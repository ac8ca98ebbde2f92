"""What each step changed in the workspace: one JSON line a step, only ever appended; a torn one is passed over."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from kimicode.errors import DiskError
from kimicode.workspace.snapshots import Kind, State, Store

_STEPS, _BLOBS = "steps.jsonl", "blobs"
_DIGEST = re.compile("(?:[0-9a-f]{64})?")
_LATEST = 253_402_300_799
"""Unix seconds of the end of the year 9999."""
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
    call_id: str = ""
    """The model's call that did it."""


class StepLog:
    """The steps of one session, in a folder of its own with their store."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; nothing is made before the first step. Raises DiskError."""
        self.folder = folder
        self.store = Store(folder / _BLOBS)
        self._file = folder / _STEPS
        self.steps: list[Step] = []
        try:
            text = self._file.read_bytes() if self._file.exists() else b""
        except OSError as error:
            raise DiskError.from_os("read", self._file, error) from error
        for line in text.splitlines():
            with suppress(ValueError, TypeError, KeyError, RecursionError):  # cut off by a crash, or not ours
                self.steps.append(_step(json.loads(line)))
        self._torn = bool(text) and not text.endswith(b"\n")

    @property
    def last_number(self) -> int:
        return max((step.number for step in self.steps), default=0)

    def append(
        self,
        author: Author,
        turn_id: str,
        title: str,
        changes: Sequence[Change],
        token: str = "",
        *,
        call_id: str = "",
    ) -> Step | None:
        """Record a step; None where nothing changed. Raises DiskError."""
        if not changes:
            return None
        number = 0 if author == "person" else self.last_number + 1
        step = Step(number, author, turn_id, title, round(time.time(), 3), tuple(changes), token, call_id)
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


def share(source: Path, target: Path, steps: Sequence[Step]) -> None:
    """Begin a log in the new folder `target` with steps of the one in `source`.

    What they need is the same file on the disk, or a copy where links cannot be made: either log may go without the
    other. Raises DiskError.
    """
    if not steps:
        return
    states = (state for step in steps for change in step.changes for state in (change.before, change.after))
    try:
        for digest in {state.digest for state in states if state.digest}:
            _link(source / _BLOBS / digest[:2] / digest[2:], target / _BLOBS / digest[:2] / digest[2:])
        lines = "".join(json.dumps(_record(step)) + "\n" for step in steps)
        (target / _STEPS).write_text(lines, "ascii")
    except OSError as error:
        raise DiskError.from_os("share the steps with", target, error) from error


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        return  # never kept: a restore says so
    except OSError:
        shutil.copyfile(source, target)


def state_record(state: State) -> list[Any]:
    """A state as JSON takes it."""
    return [state.kind, state.mode, state.digest, state.size]


def state_of(record: list[Any]) -> State:
    """Back from `state_record`. Raises ValueError and TypeError for what is none."""
    kind, mode, digest, size = record
    if kind not in get_args(Kind) or not isinstance(mode, int) or not isinstance(size, int):
        raise ValueError("not a state of a path")
    if not _DIGEST.fullmatch(digest):
        raise ValueError("not the name of bytes in a store")
    return State(kind, mode, digest, size)


def change_record(change: Change) -> list[Any]:
    return [change.path, state_record(change.before), state_record(change.after)]


def change_of(record: list[Any]) -> Change:
    """Back from `change_record`. Raises ValueError and TypeError for what is none."""
    path, before, after = record
    if not os.path.isabs(path) or "\0" in path:
        raise ValueError("not an absolute path")
    return Change(path, state_of(before), state_of(after))


def _record(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "author": step.author,
        "turn": step.turn_id,
        "title": step.title,
        "time": step.time,
        "token": step.token,
        "call": step.call_id,
        "changes": [change_record(change) for change in step.changes],
    }


def _step(record: dict[str, Any]) -> Step:
    changes = tuple(change_of(change) for change in record["changes"])
    step = Step(
        record["number"],
        record["author"],
        record["turn"],
        record["title"],
        record["time"],
        changes,
        record["token"],
        record.get("call", ""),  # earlier versions did not tell
    )
    texts = (step.turn_id, step.title, step.token, step.call_id)
    if not isinstance(step.number, int) or not 0 <= step.time <= _LATEST or not are_texts(texts):
        raise ValueError("not a step")
    if step.author not in get_args(Author):
        raise ValueError("not an author")
    return step


def are_texts(values: Iterable[Any]) -> bool:
    """Whether all of what was read is text."""
    return all(isinstance(value, str) for value in values)
