"""What the last look at a workspace saw, and which step is under way, on the disk, for whoever comes after a `kill -9`.

Nothing is flushed: this has to outlive the process, not the machine. What cannot be written costs that knowledge alone.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from kimicode.workspace.changes import Known
from kimicode.workspace.steplog import are_texts, state_of, state_record

_BATCH = 500
_KEY = 5
"""Numbers by which a file is known."""


@dataclass(frozen=True, slots=True)
class Underway:
    """A step that has begun. `named` are the paths that it names, as Watched takes them; None: it may change any."""

    turn_id: str
    title: str
    call_id: str
    named: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """`tree` is the git tree with the bytes of what has not changed since the first look; "" without git."""

    root: Path
    tree: str
    known: tuple[Known, ...]


class LastLook:
    """The record of one session, in the folder of its steps. Only the process that has the session open writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "look"
        self._seen = self._folder / "seen.jsonl"
        self._step = self._folder / "step.json"

    def begin(self, root: Path, tree: str, known: Iterable[Known]) -> None:
        """After the first look: nothing of an earlier one holds any more."""
        with suppress(OSError):
            self.forget()
            self._folder.mkdir(mode=0o700, parents=True)
            self._seen.write_text(json.dumps([str(root), tree]) + "\n", "ascii")
        self.add(known)

    def add(self, known: Iterable[Known]) -> None:
        """After every other look, once its changes are recorded."""
        batches = iter(known)
        with suppress(OSError), open(self._seen, "r+", encoding="ascii") as file:
            file.seek(0, os.SEEK_END)
            while batch := [_record(each) for each in islice(batches, _BATCH)]:
                file.write(json.dumps(batch) + "\n")

    def enter(self, step: Underway) -> None:
        """A step begins."""
        with suppress(OSError):
            self._step.write_text(json.dumps(asdict(step)), "ascii")

    def breathe(self) -> None:
        """The step is still under way, and its process alive."""
        with suppress(OSError):
            os.utime(self._step)

    def leave(self) -> None:
        """The step is over, and what it changed is recorded."""
        with suppress(OSError):
            self._step.unlink()

    def forget(self) -> None:
        """The session is closed, or what was cut off is recorded."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def cut_off(self) -> tuple[Underway, int] | None:
        """The step that did not end, and when its process was last known to be alive, in ns of Unix time."""
        try:
            fields = json.loads(self._step.read_bytes())
            named = None if fields["named"] is None else tuple(fields["named"])
            step = Underway(fields["turn_id"], fields["title"], fields["call_id"], named)
            if not are_texts((step.turn_id, step.title, step.call_id, *(named or ()))):
                return None
            return step, self._step.stat().st_mtime_ns
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def seen(self) -> Seen | None:
        """What was known at the last look; None where that cannot be told."""
        try:
            lines = self._seen.read_bytes().splitlines()
            root, tree = json.loads(lines[0])
            return Seen(Path(root), str(tree), tuple(_known(lines[1:])))
        except (OSError, ValueError, IndexError, TypeError, RecursionError):
            return None


def _record(known: Known) -> list[Any]:
    return [known.path, known.key, state_record(known.state) if known.state else None, known.racy]


def _known(lines: Sequence[bytes]) -> Iterator[Known]:
    for line in lines:
        try:
            batch = json.loads(line)
        except ValueError:
            return  # cut off: what was to follow is found by comparing
        for path, key, state, racy in batch:
            if "\0" in path or not isinstance(racy, bool) or (key and not _is_key(key)):
                raise ValueError("not what is known of a path")
            yield Known(path, tuple(key) if key else None, state_of(state) if state else None, racy)


def _is_key(key: Sequence[Any]) -> bool:
    return len(key) == _KEY and all(isinstance(part, int) for part in key)
