"""What the agent changed and what of it still stands, from a session's journal: every edit's diff, by file."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kimicode.agent.undo import FOLDER
from kimicode.errors import DiskError
from kimicode.events import (
    Diff,
    Event,
    FileChange,
    FilesRestored,
    Result,
    Rewound,
    SessionStarted,
    ToolCompleted,
    TurnStarted,
)
from kimicode.sessions.records import RecordError, from_line
from kimicode.sessions.tail import lines_of
from kimicode.workspace.steplog import Step, StepLog

_TOLD = (SessionStarted, TurnStarted, ToolCompleted, Result, Rewound, FilesRestored)
_MARKS = tuple(f'"type":"{kind.type}"'.encode() for kind in _TOLD)
_MARKED = 80  # the type of a record stands within its first bytes


@dataclass(slots=True)
class FileDiffs:
    """The edits of one file, in order."""

    path: str
    diffs: list[Diff] = field(default_factory=list)
    found: FileChange | None = None
    """Its change as the comparison of the whole work tree tells it."""

    @property
    def added(self) -> int:
        return sum(diff.added for diff in self.diffs) or (self.found.added or 0 if self.found else 0)

    @property
    def removed(self) -> int:
        return sum(diff.removed for diff in self.diffs) or (self.found.removed or 0 if self.found else 0)


@dataclass(slots=True, eq=False)
class _Edit:
    """One call's change of a file, and in which turn it was, counted from the session's beginning."""

    turn: int
    diff: Diff


class Changes:
    """Fed with the events of a session. `steps`, as undo knows them, say what went when files went back."""

    def __init__(self, events: Iterable[Event] = (), steps: Sequence[Step] = ()) -> None:
        self._numbers = {step.call_id: step.number for step in steps if step.call_id}
        self._touched: dict[str, int] = {}
        """The first step that changed a path."""
        for step in reversed(steps):
            self._touched |= {change.path: step.number for change in step.changes if step.number}
        self._cwd = ""
        self._turn = 0
        self._calls: dict[str, _Edit] = {}
        self._standing: dict[str, list[_Edit]] = {}
        """By the path as the edits name it."""
        self._before: dict[str, list[tuple[int, list[_Edit]]]] = {}
        """What stood of a file's edits before each step that touched it."""
        self._found: dict[str, FileChange] = {}
        self._gone: set[str] = set()
        """Found changes that were taken back."""
        for event in events:
            self.feed(event)

    def feed(self, event: Event) -> None:
        """Learn from an event."""
        match event:
            case SessionStarted():
                self._cwd = event.cwd
            case TurnStarted() | Rewound():
                # The conversation alone goes back: what was done to files is still to be seen.
                self._turn += 1
            case ToolCompleted(is_error=False, display=Diff() as diff):
                self._edited(event.call_id, diff)
            case FilesRestored():
                self._went_back(event)
            case Result():
                self._found |= {change.path: change for change in event.files_changed}
                self._gone -= {change.path for change in event.files_changed}

    def of_turn(self) -> list[FileDiffs]:
        """The files that the last turn edited."""
        return list(self._by_file(self._turn).values())

    def of_session(self) -> list[FileDiffs]:
        """All files that were edited, and those that commands changed."""
        files = self._by_file()
        for path, change in self._found.items():
            if path not in self._gone:
                files.setdefault(path, FileDiffs(path)).found = change
        return list(files.values())

    def _edited(self, call_id: str, diff: Diff) -> None:
        if call_id in self._calls:  # a turn that is told again
            self._calls[call_id].turn = self._turn
            return
        edit = self._calls[call_id] = _Edit(self._turn, diff)
        self._stand(diff.path, self._numbers.get(call_id, 0), [*self._standing.get(diff.path, ()), edit])

    def _went_back(self, event: FilesRestored) -> None:
        restored = set(event.paths)
        for path, before in self._before.items():
            if self._absolute(path) in restored:
                then = [edits for number, edits in before if number >= event.before]
                self._stand(path, event.step, then[0] if then else self._standing[path])
        for path in self._found:
            if (absolute := self._absolute(path)) in restored:
                taken_back = self._touched.get(absolute, 0) >= event.before
                (self._gone.add if taken_back else self._gone.discard)(path)

    def _stand(self, path: str, number: int, edits: list[_Edit]) -> None:
        self._before.setdefault(path, []).append((number, self._standing.get(path, [])))
        self._standing[path] = edits

    def _absolute(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._cwd, path))

    def _by_file(self, turn: int | None = None) -> dict[str, FileDiffs]:
        files: dict[str, FileDiffs] = {}
        for path, edits in self._standing.items():
            if diffs := [edit.diff for edit in edits if turn in (None, edit.turn)]:
                files[path] = FileDiffs(path, diffs)
        return files


def changes_of(folder: Path) -> Changes:
    """Those of the session in this folder, read from its journal. Raises DiskError."""
    steps: Sequence[Step] = ()
    with suppress(DiskError):  # without them nothing is known to have gone back
        steps = StepLog(folder / FOLDER).steps
    changes = Changes(steps=steps)
    for _, line in lines_of(folder):
        if any(mark in line[:_MARKED] for mark in _MARKS):
            with suppress(RecordError):
                record = from_line(line)
                if record is not None:
                    changes.feed(record.event)
    return changes
