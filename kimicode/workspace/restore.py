"""Taking steps back: what would have to change, and the change itself, which a crash leaves done or not done.

Never more than the paths that the steps touched; never through a link; nothing of git is asked or moved.
"""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from kimicode.errors import DiskError
from kimicode.workspace import beneath
from kimicode.workspace.snapshots import ABSENT, State, Store, flush, observe
from kimicode.workspace.steplog import Change, Step


@dataclass(frozen=True, slots=True)
class Plan:
    """What restoring means. `changes` go from what stands there now to what stood there then."""

    number: int
    changes: tuple[Change, ...]
    edited: tuple[str, ...]
    """Paths that a person changed after the agent did: their changes would be lost."""
    lost: tuple[str, ...]
    """Paths whose earlier bytes were not kept; they stay as they are."""


def plan(steps: Sequence[Step], number: int) -> Plan:
    """How to get to before step `number`: each path that the agent touched since then goes back to before that.

    What only a person changed stays. Raises DiskError.
    """
    wanted: dict[str, State] = {}
    last: dict[str, State] = {}
    edited: set[str] = set()
    begun = False
    for step in steps:
        begun = begun or step.number == number
        for change in step.changes if begun else ():
            if last.get(change.path, change.before) != change.before:
                edited.add(change.path)  # between two runs of the session
            last[change.path] = change.after
            if step.author != "person":
                wanted.setdefault(change.path, change.before)
            elif change.path in wanted:
                edited.add(change.path)
    edited &= wanted.keys()
    changes, lost = [], []
    for path, target in sorted(wanted.items()):
        now = observe(path, insist=bool(last[path].digest or target.digest))
        if now == target:
            edited.discard(path)
        elif not target.restorable or target.kind == "other" or _behind_a_link(path, wanted):
            lost.append(path)
            edited.discard(path)
        else:
            changes.append(Change(path, now, target))
            if now != last[path]:
                edited.add(path)
    changes += _missing_folders(changes, steps)
    return Plan(number, tuple(changes), tuple(sorted(edited)), tuple(lost))


def _missing_folders(changes: Sequence[Change], steps: Sequence[Step]) -> list[Change]:
    """The folders that a person removed and that what comes back needs."""
    planned = {change.path for change in changes}
    needed = {str(parent) for change in changes if change.after != ABSENT for parent in PurePath(change.path).parents}
    missing = sorted(folder for folder in needed - planned if not os.path.lexists(folder))
    known = (
        {
            change.path: state
            for step in steps
            for change in step.changes
            for state in (change.before, change.after)
            if state.kind == "folder"
        }
        if missing
        else {}
    )
    return [Change(folder, ABSENT, known.get(folder, State("folder", 0o755))) for folder in missing]


def _behind_a_link(path: str, wanted: Mapping[str, State]) -> bool:
    """Whether a link stands where one of its folders was, and is not to become that folder again."""
    link = next((str(folder) for folder in reversed(PurePath(path).parents) if os.path.islink(folder)), "")
    return bool(link) and wanted.get(link, ABSENT).kind != "folder"


def keep(changes: Iterable[Change], store: Store) -> tuple[Change, ...]:
    """The same changes with the present bytes in the store, and all bytes that are needed proven to be there.

    Raises DiskError: then nothing may be changed.
    """
    kept = []
    needed: set[str] = set()
    for change in changes:
        now = observe(change.path, store, insist=True)
        if change.before.digest and now != change.before:
            raise DiskError(f"{change.path} was changed at this very moment", hint="Try again.")
        kept.append(Change(change.path, now, change.after))
        needed.update(state.digest for state in (now, change.after) if state.digest)
    for digest in needed:
        store.get(digest)
    store.sync(needed)
    return tuple(kept)


def perform(changes: Sequence[Change], store: Store, token: str) -> list[str]:
    """Bring about the `after` of each change; done twice it does nothing more. Raises OSError, DiskError.

    Each file is replaced in one rename. What is neither as before nor as after (a person was quicker) stays, and is
    returned. `token` names the temporary files, so that a second attempt takes away those of the first.
    """
    todo, foreign = [], []
    for change in changes:
        _unlink_if_there(_temporary(change.path, token))
        now = observe(change.path, insist=True)
        if now not in (change.before, change.after, ABSENT) and not _same_place(now, change):
            foreign.append(change.path)
        elif now != change.after:
            todo.append((change.path, now, change.after))
    deepest_first = sorted(todo, key=lambda each: each[0], reverse=True)
    for path, now, after in deepest_first:
        _clear(path, now, after)
    for path, _, after in reversed(deepest_first):
        if after.kind == "folder" and not os.path.isdir(path):
            with beneath.above(path) as (folder, name):
                os.mkdir(name, 0o700, dir_fd=folder)
    placed = [(path, after) for path, _, after in todo if after.kind in ("file", "link")]
    for path, after in placed:
        _prepare(path, after, store, token)
    flush([_temporary(path, token) for path, after in placed if after.kind == "file"])
    for path, _ in placed:
        with beneath.above(path) as (folder, name):
            os.replace(_temporary(name, token), name, src_dir_fd=folder, dst_dir_fd=folder)
    for path, _, after in deepest_first:
        if after.kind == "folder":
            with beneath.folder(Path(path)) as itself:
                os.chmod(".", after.mode, dir_fd=itself)
    flush([above for above in {os.path.dirname(path) for path, _, _ in todo} if os.path.isdir(above)])
    return foreign


def _same_place(now: State, change: Change) -> bool:
    """A folder on its way between two modes."""
    return now.kind == "folder" and "folder" in (change.before.kind, change.after.kind)


def _clear(path: str, now: State, after: State) -> None:
    """Take away what cannot be replaced in place. A folder goes only if it is empty by then."""
    if now.kind == "folder" and after.kind != "folder":
        try:
            with beneath.above(path) as (folder, name):
                os.rmdir(name, dir_fd=folder)
        except FileNotFoundError:
            return
        except OSError:
            if after.kind != "absent":
                raise
    elif now.kind not in ("absent", "folder") and after.kind in ("absent", "folder"):
        _unlink_if_there(path)


def _prepare(path: str, state: State, store: Store, token: str) -> None:
    """Make what is to stand at `path`, beside it."""
    data = store.get(state.digest)
    try:
        with beneath.above(path, make=True) as (folder, name):
            _put(folder, name, state, data, token)
    except NotADirectoryError as error:
        raise DiskError(f"{os.path.dirname(path)} leads elsewhere by now") from error


def _put(folder: int, name: str, state: State, data: bytes, token: str) -> None:
    temporary = _temporary(name, token)
    if state.kind == "link":
        os.symlink(os.fsdecode(data), temporary, dir_fd=folder)
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(os.open(temporary, flags, 0o600, dir_fd=folder), "wb") as stream:
        stream.write(data)
        stream.flush()
        with suppress(OSError):
            _imitate_owner(stream.fileno(), os.stat(name, dir_fd=folder, follow_symlinks=False))
        os.fchmod(stream.fileno(), state.mode)


def _imitate_owner(descriptor: int, like: os.stat_result) -> None:
    own = os.fstat(descriptor)
    if stat.S_ISREG(like.st_mode) and (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(descriptor, like.st_uid, like.st_gid)


def _temporary(path: str, token: str) -> str:
    folder, name = os.path.split(path)
    short = os.fsdecode(os.fsencode(name)[:60])
    return os.path.join(folder, f".{short}.{token}.undo")


def _unlink_if_there(path: str) -> None:
    with suppress(FileNotFoundError, NotADirectoryError), beneath.above(path) as (folder, name):
        os.unlink(name, dir_fd=folder)
