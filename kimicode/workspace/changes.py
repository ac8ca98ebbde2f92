"""Which files of a workspace changed since the last look: by time stamps, so that a look at 30,000 files is quick.

What is ignored, and what belongs to git, is passed over. The state before a change is always known: from the store,
or from `Origin`, which has the content of all files at the first look.
"""

import os
import stat
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from kimicode.workspace.snapshots import ABSENT, State, Store, observe
from kimicode.workspace.steplog import Change

RACY_NS = 20_000_000
"""A clock of the kernel may stand still as long: a file whose stamp is younger may change without a new stamp."""
MOST_PATHS = 200_000
_BATCH = 200
_NEVER = frozenset({".git"})
_GHOST = ".kimicode"
"""While commands run in the sandbox, an empty folder may stand there so that none of them can make one."""

Key = tuple[int, int, int, int, int]
"""mtime and ctime in ns, size, inode, mode."""
_key: Callable[[os.stat_result], Key] = attrgetter("st_mtime_ns", "st_ctime_ns", "st_size", "st_ino", "st_mode")


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


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a path, as another process can go on from it. `key` is None for what is gone."""

    path: str
    key: Key | None
    state: State | None
    racy: bool


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
        self._news: set[str] = set()
        self.unkept: list[str] = []
        """Files that are too large, or too many, to be kept."""

    def begin(self, origin: Origin) -> None:
        """The first look. Raises TooMany, DiskError."""
        self._origin = origin
        began = time.time_ns()
        self._enter("", _key(os.lstat(self.root)), began)
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

    def go_on(self, origin: Origin, known: Iterable[Known]) -> None:
        """Instead of `begin`: from what another process knew. Of several that tell of one path, the last one holds."""
        self._origin = origin
        for each in known:
            self._files.get(os.path.dirname(each.path), {}).pop(each.path, None)
            self._folders.pop(each.path, None)
            if each.key is None:
                self._once.add(each.path)
            else:
                self._enter(each.path, each.key, max(each.key[:2]) if each.racy else sys.maxsize)
            if each.state is not None:
                self._states[each.path] = each.state

    def news(self) -> list[Known]:
        """What became known since this was last asked."""
        news, self._news = self._news, set()
        return [Known(path, self._key_of(path), self._states.get(path), path in self._racy) for path in sorted(news)]

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

    def _moved(self) -> list[str]:
        """Paths whose stamps are others than at the last look."""
        try:
            root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:  # the workspace is gone
            return [*self._folders, *(path for group in self._files.values() for path in group)]
        try:  # from the root's descriptor on: the kernel walks shorter paths, 30,000 of them
            folders, gone = self._moved_folders(root)
            return [*folders, *self._moved_files(root, gone)]
        finally:
            os.close(root)

    def _moved_folders(self, root: int) -> tuple[list[str], set[str]]:
        """The folders that moved, and those of them that are none any more, whatever a link now leads to."""
        moved, gone = [], set[str]()
        for folder, known in sorted(self._folders.items()):
            try:
                status = os.lstat(folder or ".", dir_fd=root)
                if not stat.S_ISDIR(status.st_mode) or (gone and folder and os.path.dirname(folder) in gone):
                    gone.add(folder)
                elif _key(status) == known:
                    continue
            except OSError:
                gone.add(folder)
            moved.append(folder)
        return moved, gone

    def _moved_files(self, root: int, gone: Container[str]) -> Iterator[str]:
        lstat, key = os.lstat, _key
        for folder, group in self._files.items():
            if folder in gone:
                yield from group
                continue
            for path, known in group.items():
                try:
                    if key(lstat(path, dir_fd=root)) != known:
                        yield path
                except OSError:
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
                    if status is None or (entry.name == _GHOST and _is_empty_folder(entry.path)):
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
        key = self._key_of(path)
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
        key = self._key_of(path)
        if key is None:
            return ABSENT
        return State("folder", stat.S_IMODE(key[4])) if path in self._folders else State("other", key[4])

    def _key_of(self, path: str) -> Key | None:
        return self._folders.get(path) or self._files.get(os.path.dirname(path), {}).get(path)

    def _fetch(self, paths: Iterable[str]) -> None:
        """Have the states of files that did not change before: their bytes come from the origin."""
        keys = {path: self._key_of(path) for path in paths if path not in self._states}
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
        self._news.add(path)
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
        self._news.add(path)
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


def _is_empty_folder(path: str) -> bool:
    try:
        return not os.listdir(path)
    except OSError:
        return False


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
