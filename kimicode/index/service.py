"""The index of the folder that somebody works in: opened, kept fresh behind their back, mended where it is damaged.

There is no watcher. Whoever changes files says so (`touch`, `changed`), and each `ready` looks at what is stale.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from kimicode.errors import KimicodeError
from kimicode.index.build import LOCK, OnProgress, Report, refresh, touch
from kimicode.index.database import DamagedIndex, remove
from kimicode.index.store import Store
from kimicode.index.walk import walk
from kimicode.paths import cache_dir

ListFiles = Callable[[], Iterable[str] | None]
"""The paths that belong to the tree, or None where nobody knows and the folder is to be walked."""


UNUSED_S = 90 * 24 * 3600


def folder_for(shared: Path) -> Path:
    """Where the index of a repository lies; `shared` is what its work trees have in common, such as its git folder."""
    digest = hashlib.sha256(os.fsencode(shared.resolve())).hexdigest()[:16]
    return cache_dir() / "index" / digest


def open_or_mend(folder: Path, root: Path) -> tuple[Store, str]:
    """The index, and a notice where the one that was there could not be used. Raises DiskError."""
    try:
        return Store.open(folder, root), ""
    except DamagedIndex as error:
        return mend(folder, root), f"{error}; it is built anew"


def mend(folder: Path, root: Path, damaged: Store | None = None) -> Store:
    """Put an empty index in the place of a damaged one, unless another process just did. Raises DiskError."""
    with open(folder / LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if damaged is None or damaged.replaced:
            with contextlib.suppress(DamagedIndex):
                return Store.open(folder, root)
        remove(folder)
        return Store.open(folder, root)


def forget_unused(indexes: Path) -> None:
    """Delete indexes that nobody asked for in three months."""
    for lock in indexes.glob(f"*/{LOCK}"):
        with contextlib.suppress(OSError):
            if time.time() - lock.stat().st_mtime > UNUSED_S:
                shutil.rmtree(lock.parent)


class Index:
    """What a session holds. All work is done in threads of its own; nothing here blocks or raises but `store`."""

    def __init__(self, folder: Path, root: Path, list_files: ListFiles) -> None:
        self.folder, self.root = folder, root
        self.notice = ""
        """What the person should know: why the index cannot be used, or that it is built anew."""
        self.report: Report | None = None
        self._list_files = list_files
        self._lock = threading.Lock()
        self._touching = threading.Lock()
        self._stop = threading.Event()
        self._stale = True
        self._worker: threading.Thread | None = None
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._store: Store | None = None
        self._damaged: Store | None = None

    @classmethod
    def for_folder(cls, root: Path, list_files: ListFiles = lambda: None, *, shared: Path | None = None) -> "Index":
        """The index of `root`. Work trees of one repository share what they say is `shared`."""
        return cls(folder_for(shared or root), root, list_files)

    @property
    def store(self) -> Store:
        """For reading, also while it is being built: then it knows less. Raises DamagedIndex, DiskError."""
        with self._lock:
            self._let_go()
            if self._store is None:
                self._store, notice = open_or_mend(self.folder, self.root)
                self.notice = notice or self.notice
            return self._store

    async def ready(self, timeout: float) -> bool:
        """Whether the index is up to date, at the latest after so many seconds; it goes on to be built after that."""
        done = asyncio.Event()
        with self._lock:
            self._start()
            if self._worker is None:
                return self._fresh()
            self._waiting.append((asyncio.get_running_loop(), done))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), timeout)
        return done.is_set() and self._fresh()

    def mend(self, damaged: Store) -> None:
        """A question found that this store is damaged: the next refresh puts another in its place."""
        with self._lock:
            self._damaged, self._stale = damaged, True

    def changed(self) -> None:
        """Something may have changed that nobody can name, as by a command."""
        with self._lock:
            self._stale = True

    def touch(self, paths: Iterable[Path | str]) -> None:
        """These files were edited, made or deleted; what lies outside the folder is passed over."""
        inside = [path for path in map(self._relative, paths) if path]
        if inside:
            threading.Thread(target=self._touch, args=(inside,), name="kimicode-touch", daemon=True).start()

    def close(self) -> None:
        """End what is going on; what was written stays."""
        self._stop.set()
        with self._lock:
            worker = self._worker
        if worker:
            worker.join()
        if self._store:
            self._store.close()

    def _fresh(self) -> bool:
        return self.report is not None and self.report.complete and not self._stale

    def _let_go(self) -> None:
        """Of a store that was replaced: another process mended it, or had it built anew."""
        if self._store is not None and self._store.replaced:
            self._store, self._stale = None, True

    def _start(self) -> None:
        self._let_go()
        if self._stale and self._worker is None and not self._stop.is_set():
            self._stale = False
            self._worker = threading.Thread(target=self._refresh, name="kimicode-index", daemon=True)
            self._worker.start()

    def _refresh(self) -> None:
        try:
            if self._damaged:
                mend(self.folder, self.root, self._damaged).close()
                self._damaged, self.notice = None, "the index was damaged; it is built anew"
            self.report, notice = refreshed(self.folder, self.root, self._list_files, stop=self._stop)
            self.notice = notice or self.notice
            if self.report.indexed:
                forget_unused(self.folder.parent)
        except (KimicodeError, OSError) as error:
            self.report, self.notice = None, str(error)
        finally:
            with self._lock:
                self._worker = None
                waiting, self._waiting = self._waiting, []
            for loop, done in waiting:
                with contextlib.suppress(RuntimeError):  # a loop that was closed waits for nothing
                    loop.call_soon_threadsafe(done.set)

    def _touch(self, paths: list[str]) -> None:
        try:
            with self._touching:
                store = Store.open(self.folder, self.root)
                try:
                    touch(store, self.root, paths)
                finally:
                    store.close()
        except (KimicodeError, OSError):
            self.changed()  # the next refresh finds out, or says what is wrong

    def _relative(self, path: Path | str) -> str:
        whole = os.path.normpath(os.path.join(self.root, path))
        inside = os.path.relpath(whole, self.root)
        return "" if inside.startswith(os.pardir) or inside == os.curdir else inside


def refreshed(
    folder: Path,
    root: Path,
    list_files: ListFiles,
    *,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> tuple[Report, str]:
    """Refresh the index in `folder`, mended first where it is damaged; with a notice then. Raises DiskError."""
    store, notice = open_or_mend(folder, root)
    (folder / LOCK).touch()
    try:
        try:
            return refresh(store, root, _meanwhile(root, list_files), on_progress=on_progress, stop=stop), notice
        except DamagedIndex as error:
            store.close()
            store, notice = mend(folder, root, store), f"{error}; it is built anew"
            return refresh(store, root, _meanwhile(root, list_files), on_progress=on_progress, stop=stop), notice
    finally:
        store.close()


def _meanwhile(root: Path, list_files: ListFiles) -> Iterator[str]:
    """The files, asked for now and waited for when the first is wanted: git works while we look at the disk."""
    executor = ThreadPoolExecutor(1, "kimicode-list")
    asked = executor.submit(list_files)
    executor.shutdown(wait=False)
    return _listed(root, asked)


def _listed(root: Path, asked: "Future[Iterable[str] | None]") -> Iterator[str]:
    listed = asked.result()
    yield from walk(root) if listed is None else listed
