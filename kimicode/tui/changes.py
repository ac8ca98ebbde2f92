"""What the agent changed, from a session's journal: every edit's diff by file, and what was found changed besides."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kimicode.events import Diff, Event, FileChange, Result, Rewound, ToolCompleted, TurnStarted
from kimicode.sessions.records import RecordError, from_line
from kimicode.sessions.tail import lines_of

_MARKS = tuple(f'"type":"{kind.type}"'.encode() for kind in (TurnStarted, ToolCompleted, Result, Rewound))
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


class Changes:
    """Fed with the events of a session."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._turns: list[list[Diff]] = [[]]
        self._found: dict[str, FileChange] = {}
        for event in events:
            self.feed(event)

    def feed(self, event: Event) -> None:
        """Learn from an event."""
        match event:
            case TurnStarted() | Rewound():
                # Going back leaves files as they are, so what was done to them is still to be seen.
                self._turns.append([])
            case ToolCompleted(is_error=False, display=Diff() as diff):
                self._turns[-1].append(diff)
            case Result():
                self._found |= {change.path: change for change in event.files_changed}

    def of_turn(self) -> list[FileDiffs]:
        """The files that the last turn edited."""
        return list(_by_file(self._turns[-1]).values())

    def of_session(self) -> list[FileDiffs]:
        """All files that were edited, and those that commands changed."""
        files = _by_file(diff for turn in self._turns for diff in turn)
        for path, change in self._found.items():
            files.setdefault(path, FileDiffs(path)).found = change
        return list(files.values())


def changes_of(folder: Path) -> Changes:
    """Those of the session in this folder, read from its journal. Raises DiskError."""
    changes = Changes()
    for _, line in lines_of(folder):
        if any(mark in line[:_MARKED] for mark in _MARKS):
            with suppress(RecordError):
                record = from_line(line)
                if record is not None:
                    changes.feed(record.event)
    return changes


def _by_file(diffs: Iterable[Diff]) -> dict[str, FileDiffs]:
    files: dict[str, FileDiffs] = {}
    for diff in diffs:
        files.setdefault(diff.path, FileDiffs(diff.path)).diffs.append(diff)
    return files
