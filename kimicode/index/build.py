"""Brings the index up to date: what changed since the last time is read, in several processes where it is much.

Killed at any moment it leaves a good index that knows less; the next refresh goes on from there.
"""

import contextlib
import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kimicode.index.database import checkpoint
from kimicode.index.facts import Outcome
from kimicode.index.pool import Pool, worker_command
from kimicode.index.reading import look_at
from kimicode.index.store import Store
from kimicode.index.walk import walk
from kimicode.index.writing import Writer, knows

FEW_BYTES, FEW_FILES = 400_000, 50
"""Up to that much is read here: starting workers takes longer."""

MOST_WORKERS = 8
FIRST_BATCH_S, BATCH_S, BATCH_FILES = 0.1, 0.5, 400
"""What was read is written, and found from then on, at the latest after that."""

RECENT = 200
"""So many of the files touched last come first."""

LOCK = "build.lock"

_Changed = tuple[str, int, int]
"""path, mtime_ns, size"""


@dataclass(frozen=True, slots=True)
class _Difference:
    """Between the disk and the index: the paths that belong to the tree, and which of them are to be read."""

    listed: Iterable[str]
    changed: list[_Changed]
    gone: list[str]
    unchanged: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a refresh did. Of the files read, some were skipped or ran out of time; `unchanged` were not even read."""

    indexed: int = 0
    unchanged: int = 0
    skipped_large: int = 0
    skipped_binary: int = 0
    unreadable: int = 0
    timed_out: int = 0
    removed: int = 0
    seconds: float = 0.0
    complete: bool = True


OnProgress = Callable[[int, int], None]
"""Called with (files done, files in all) after every batch that was written."""


def refresh(
    store: Store,
    root: Path,
    files: Iterable[str] | None,
    *,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    workers: int | None = None,
) -> Report:
    """Make the index say what is on the disk.

    `files` are the paths below `root` that belong to the tree (from git); without them the folder is walked. One
    process builds at a time, others wait for it. With `stop` set it ends soon, and says so in `complete`.
    Raises DamagedIndex, DiskError.
    """
    begun = time.perf_counter()
    stop = stop or threading.Event()
    found = _compare(store, root, walk(root) if files is None else files)
    report = Report(unchanged=found.unchanged)
    if found.changed or found.gone:
        with _builder(store.folder, stop) as waited:
            if waited:  # for another process, which may have done the same work
                found = _compare(store, root, found.listed)
            report = _Build(store, root, on_progress, stop, workers).run(found)
    return replace(report, seconds=time.perf_counter() - begun, complete=not stop.is_set())


def touch(store: Store, root: Path, paths: Sequence[str]) -> None:
    """Bring single files up to date, such as one that was just edited. Raises DamagedIndex, DiskError."""
    known = partial(knows, store.connection)
    Writer(store).write([look_at(os.fspath(root), path, known) for path in paths])


def _compare(store: Store, root: Path, files: Iterable[str]) -> _Difference:
    """Compare (mtime, size) of all files with what the index knows.

    What is known is looked at first: `files` may still be on their way from git.
    """
    known = store.stamps()
    same = _same(root, known)
    listed = dict.fromkeys(files)
    gone = [path for path in known if path not in listed]
    changed = []
    for path in [path for path in listed if path not in same]:
        stamp = _stamp(os.path.join(root, path))
        if stamp:
            changed.append((path, *stamp))
        elif path in known:
            gone.append(path)
    return _Difference(listed, changed, gone, len(same & listed.keys()))


def _same(root: Path, known: Mapping[str, tuple[int, int]]) -> set[str]:
    """The paths at which a regular file lies whose (mtime_ns, size) is the known one."""
    same = set()
    with contextlib.suppress(OSError), _opened(root) as folder:
        for path, (mtime_ns, size) in known.items():
            try:
                status = os.stat(path, dir_fd=folder, follow_symlinks=False)
            except (OSError, ValueError):
                continue
            if status.st_mtime_ns == mtime_ns and status.st_size == size and stat.S_ISREG(status.st_mode):
                same.add(path)
    return same


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor from which the system finds paths sooner than from the root of the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _stamp(path: str) -> tuple[int, int] | None:
    """(mtime_ns, size) of a regular file; None for everything else."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    return (status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


def _in_order(changed: list[_Changed]) -> list[_Changed]:
    """What a person works on first: files touched last, then shallow ones."""
    latest = sorted(changed, key=lambda one: -one[1])
    return latest[:RECENT] + sorted(latest[RECENT:], key=lambda one: (one[0].count("/"), one[0]))


class _Build:
    """One refresh that has something to do."""

    def __init__(
        self, store: Store, root: Path, on_progress: OnProgress | None, stop: threading.Event, workers: int | None
    ) -> None:
        self._store, self._root, self._stop = store, root, stop
        self._on_progress = on_progress or (lambda done, total: None)
        self._workers = workers
        self._writer = Writer(store)

    def run(self, found: _Difference) -> Report:
        """Read what changed, write it, and count."""
        ordered = _in_order(found.changed)
        much = len(ordered) > FEW_FILES or sum(size for _, _, size in ordered) > FEW_BYTES
        self._writer.write([Outcome(path, gone=True) for path in found.gone])
        report = Report(unchanged=found.unchanged, removed=len(found.gone))
        for batch in _batches(self._read_by_many(ordered) if much else self._read(path for path, _, _ in ordered)):
            self._writer.write(batch)
            report = _counted(report, batch)
            self._on_progress(report.indexed, len(ordered))
        self._writer.prune()
        checkpoint(self._store.connection)
        return report

    def _read_by_many(self, ordered: list[_Changed]) -> Iterator[Outcome]:
        left = dict.fromkeys(path for path, _, _ in ordered)
        workers = self._workers or min(_cores(), MOST_WORKERS)
        command = worker_command(self._root, self._store.folder)
        with Pool(command, list(left), workers, self._stop) as pool:
            self._writer.announce((path, size) for path, _, size in ordered)  # while the workers start
            for outcome in pool:
                left.pop(outcome.path, None)
                yield outcome
        yield from self._read(left)

    def _read(self, paths: Iterable[str]) -> Iterator[Outcome]:
        known = partial(knows, self._store.connection)
        for path in paths:
            if self._stop.is_set():
                return
            yield look_at(os.fspath(self._root), path, known)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _batches(outcomes: Iterable[Outcome]) -> Iterator[list[Outcome]]:
    batch: list[Outcome] = []
    begun, patience = 0.0, FIRST_BATCH_S
    for outcome in outcomes:
        if not batch:
            begun = time.monotonic()
        batch.append(outcome)
        if len(batch) >= BATCH_FILES or time.monotonic() - begun > patience:
            yield batch
            batch, patience = [], BATCH_S
    if batch:
        yield batch


def _counted(report: Report, batch: Sequence[Outcome]) -> Report:
    skipped = [outcome.skipped for outcome in batch]
    gone = sum(outcome.gone for outcome in batch)
    return replace(
        report,
        indexed=report.indexed + skipped.count("") - gone,
        skipped_large=report.skipped_large + skipped.count("large"),
        skipped_binary=report.skipped_binary + skipped.count("binary"),
        unreadable=report.unreadable + skipped.count("unreadable"),
        timed_out=report.timed_out + sum(bool(outcome.facts and outcome.facts.timed_out) for outcome in batch),
        removed=report.removed + gone,
    )


@contextlib.contextmanager
def _builder(folder: Path, stop: threading.Event) -> Iterator[bool]:
    """The right to build, held by one process at a time and let go by its end, however it ends; True after a wait."""
    waited = False
    with open(folder / LOCK, "w") as file:
        while not stop.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waited = True
                stop.wait(0.1)
        yield waited
