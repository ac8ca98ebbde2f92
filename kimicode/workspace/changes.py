"""Which files of a workspace changed since the last look: by time stamps, so that a look at 30,000 files is quick.

What is ignored, and what belongs to git, is passed over. The state before a change is always known: from the store,
or from `Origin`, which has the content of all files at the first look.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kimicode.workspace.snapshots import ABSENT, State, Store, observe
from kimicode.workspace.steplog import Change

RACY_NS = 20_000_000
"""A clock of the kernel may stand still as long: a file whose stamp is younger may change without a new stamp."""
MOST_PATHS = 200_000
_BATCH = 200
_NEVER = frozenset({".git"})

Key = tuple[int, int, int, int, int]
"""mtime and ctime in ns, size, inode, mode."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the first look goes by. Paths are relative to the root."""

    listed: frozenset[str] = frozenset()
    """Files known to belong to the workspace."""
    belong: Callable[[list[str]], Iterable[str]] = field(default=lambda paths: paths)
    """Which of these files and folders are not ignored."""
    read: Callable[[Sequence[tuple[str, int]]], Mapping[str, bytes]] = field(default=lambda files: {})
    """The bytes that files of these sizes had at the first look, where they are known for certain."""
    at_risk: Callable[[Iterable[tuple[str, int]]], Iterable[str]] = field(
        default=lambda files: [path for path, _ in files]
    )
    """Which of these files (with their sizes) `read` does not know: they are kept at the first look."""
    since_ns: int = 0
    """When the content was taken, Unix time: what changed later is kept at the first look, too."""


class TooMany(Exception):
    """The workspace has more than MOST_PATHS files and folders."""


class Watched:
    """The files and folders below `root`. Calls block, and belong on one thread at a time."""

    def __init__(self, root: Path, store: Store, besides: Iterable[Path] = ()) -> None:
        """`root` is a real path. Folders in `besides` are passed over."""
        self.root = str(root)
        self._store = store
        self._origin = Origin()
        self._files: dict[str, dict[str, Key]] = {}
        """By folder, then by path."""
        self._folders: dict[str, Key] = {}
        self._states: dict[str, State] = {}
        """Of what changed since the first look, or is kept for another reason."""
        self._passed = {str(path.relative_to(root)) for path in besides if path.is_relative_to(root)}
        self._once: set[str] = set()
        """Known earlier, now gone: no stranger when it comes back."""
        self._racy: set[str] = set()
        self.unkept: list[str] = []
        """Files that are too large, or too many, to be kept."""

    def begin(self, origin: Origin) -> None:
        """The first look. Raises TooMany, DiskError."""
        self._origin = origin
        began = time.time_ns()
        self._folders[""] = _key(os.lstat(self.root))
        for count, (path, status) in enumerate(self._arrivals([""], first=True)):
            self._enter(path, _key(status), began)
            if count >= MOST_PATHS:
                raise TooMany
        files = [(path, key) for group in self._files.values() for path, key in group.items()]
        unsure = {path for path, key in files if max(key[:2]) >= origin.since_ns - RACY_NS or path in self._racy}
        unsure.update(path for path, key in files if stat.S_ISLNK(key[4]))
        unsure.update(origin.at_risk((path, key[2]) for path, key in files if path not in unsure))
        for path in unsure:
            self._states[path] = self._observe(path)

    def look(self) -> list[Change]:
        """What changed since the last look, by path. Raises DiskError."""
        began = time.time_ns()
        suspects = {*self._racy, *self._moved()}
        scan = [path for path in suspects if _is_folder(self._at(path))]
        arrived = [path for path, _ in self._arrivals(scan)]
        return self._settle({*suspects, *arrived}, began)

    def look_at(self, paths: Iterable[str]) -> list[Change]:
        """What changed at these paths alone, ignored ones and those outside included; from now on they are known.

        A path that was not known has not changed. Raises DiskError.
        """
        began = time.time_ns()
        known = set()
        for path in paths:
            if self._is_known(path):
                known.add(path)
            else:
                self._states[path] = self._observe(path)
                self._note_key(path, began)
        return self._settle(known, began)

    # --- looking --------------------------------------------------------------------------------------------

    def _moved(self) -> Iterator[str]:
        """Paths whose stamps are others than at the last look."""
        lstat, prefix = os.lstat, self.root + os.sep
        gone: set[str] = set()
        for folder, key in sorted(self._folders.items()):
            now = None if os.path.dirname(folder) in gone and folder else _stat(self._at(folder))
            if now is None or not stat.S_ISDIR(now.st_mode):
                gone.add(folder)
            if now is None or _key(now) != key:
                yield folder
        for folder, group in self._files.items():
            if folder in gone:
                yield from group
                continue
            for path, known in group.items():
                try:
                    status = lstat(prefix + path)
                except OSError:
                    yield path
                    continue
                if (
                    status.st_mtime_ns,
                    status.st_ctime_ns,
                    status.st_size,
                    status.st_ino,
                    status.st_mode,
                ) != known:
                    yield path

    def _arrivals(self, folders: list[str], *, first: bool = False) -> Iterator[tuple[str, os.stat_result]]:
        """Files and folders that were not known, found in these folders and in the new ones among them."""
        while folders:
            entries = [entry for folder in folders for entry in self._strangers(folder)]
            sure = [path for path, _ in entries if path in self._once or (first and path in self._origin.listed)]
            ask = [
                path for path, _ in entries if path not in self._once and not (first and path in self._origin.listed)
            ]
            belong = {*sure, *(self._origin.belong(ask) if ask else ())}
            self._passed.update(path for path, _ in entries if path not in belong)
            folders = []
            for path, status in entries:
                if path in belong:
                    yield path, status
                    if stat.S_ISDIR(status.st_mode):
                        folders.append(path)

    def _strangers(self, folder: str) -> Iterator[tuple[str, os.stat_result]]:
        try:
            with os.scandir(self._at(folder)) as entries:
                for entry in entries:
                    path = os.path.join(folder, entry.name)
                    if path in self._passed or path in self._folders or path in self._files.get(folder, ()):
                        continue
                    status = _stat(entry.path)
                    if status is None:
                        continue
                    foreign = stat.S_ISDIR(status.st_mode) and os.path.lexists(os.path.join(entry.path, ".git"))
                    if entry.name in _NEVER or foreign:
                        self._passed.add(path)
                    else:
                        yield path, status
        except OSError:
            return  # gone meanwhile, or not ours to read

    # --- what is known --------------------------------------------------------------------------------------

    def _is_known(self, path: str) -> bool:
        """A file that did not change since the first look does not count: its bytes are at hand without git."""
        if path in self._states or path in self._folders:
            return True
        key = self._files.get(os.path.dirname(path), {}).get(path)
        now = _stat(self._at(path))
        return key is not None and (now is None or _key(now) != key)

    def _settle(self, paths: set[str], began: int) -> list[Change]:
        changes = []
        self._fetch(paths)
        for path in sorted(paths):
            before = self._state(path)
            after = self._observe(path)
            self._states[path] = after
            self._note_key(path, began)
            if before != after and path:
                changes.append(Change(self._at(path), before, after))
        return changes

    def _state(self, path: str) -> State:
        """What stood there at the last look."""
        known = self._states.get(path)
        if known is not None:
            return known
        if path in self._folders:
            return State("folder", stat.S_IMODE(self._folders[path][4]))
        key = self._files.get(os.path.dirname(path), {}).get(path)
        if key is None:
            return ABSENT
        return State("other", key[4])

    def _fetch(self, paths: Iterable[str]) -> None:
        """Have the states of files that did not change before: their bytes come from the origin."""
        keys = {
            path: self._files.get(os.path.dirname(path), {}).get(path) for path in paths if path not in self._states
        }
        files = [(path, key) for path, key in keys.items() if key is not None and stat.S_ISREG(key[4])]
        for first in range(0, len(files), _BATCH):
            some = files[first : first + _BATCH]
            found = self._origin.read([(path, key[2]) for path, key in some])
            for path, key in some:
                digest = self._store.put(found[path]) if path in found else ""
                self._states[path] = State("file", stat.S_IMODE(key[4]), digest, key[2])
                if not digest:
                    self.unkept.append(path)

    def _observe(self, path: str) -> State:
        state = observe(self._at(path), self._store)
        if state.kind == "file" and not state.digest:
            self.unkept.append(path)
        return state

    def _note_key(self, path: str, began: int) -> None:
        """Go on from what stands there now."""
        folder = os.path.dirname(path)
        was_known = self._files.get(folder, {}).pop(path, None) or (self._folders.pop(path, None) if path else None)
        status = _stat(self._at(path)) if self._states[path] != ABSENT else None
        if status is not None:
            self._enter(path, _key(status), began)
        elif was_known is not None:
            self._once.add(path)
            self._racy.discard(path)

    def _enter(self, path: str, key: Key, began: int) -> None:
        if os.path.isabs(path):
            return  # outside of the root: looked at when asked for
        if stat.S_ISDIR(key[4]):
            self._folders[path] = key
        else:
            self._files.setdefault(os.path.dirname(path), {})[path] = key
        if max(key[:2]) >= began - RACY_NS:
            self._racy.add(path)
        else:
            self._racy.discard(path)

    def _at(self, path: str) -> str:
        return os.path.join(self.root, path) if path else self.root


def _is_folder(path: str) -> bool:
    status = _stat(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def _key(status: os.stat_result) -> Key:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
