"""A restore that outlives a crash: its plan is on the disk before the first change, and the next start finishes it."""

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.errors import DiskError
from kimicode.workspace.restore import keep, perform
from kimicode.workspace.steplog import Change, Step, StepLog, are_texts, change_of, change_record

_TOKEN = re.compile("[0-9a-f]{1,16}")


@dataclass(frozen=True, slots=True)
class Rewind:
    """The turn that a conversation goes back behind, "" for none; with a `call_id` only to before that call of it."""

    turn_id: str = ""
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Restore:
    """What is to be done on behalf of the session whose steps lie in the folder `log`."""

    token: str
    log: Path
    title: str
    turn_id: str
    rewind: Rewind
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """`foreign` are paths that somebody changed at that very moment, and that stayed so; `step` is None if none did."""

    restore: Restore
    step: Step | None
    foreign: tuple[str, ...]


@contextmanager
def restoring(
    log: StepLog, changes: Sequence[Change], title: str, turn_id: str, rewind: Rewind, pending: Path
) -> Iterator[Restored]:
    """Make the changes and record them as a step; they count as done once the block is left.

    The block may do what belongs to it (the conversation). Raises DiskError with everything as it was before.
    """
    kept = keep(changes, log.store)
    restore = Restore(secrets.token_hex(4), log.folder, title, turn_id, rewind, kept)
    path = pending / f"{restore.token}.json"
    lock = _write(path, restore)
    try:
        try:
            restored = _carry_out(restore, log)
        except (OSError, DiskError) as error:
            _take_back(restore, log, path, error)
        yield restored
        path.unlink(missing_ok=True)
    finally:
        os.close(lock)


@contextmanager
def claimed(path: Path) -> Iterator[Restore | None]:
    """A restore that was cut off, held so that no other process takes it up; None where one does already.

    Raises DiskError.
    """
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error
    try:
        yield _claim(lock, path)
    finally:
        os.close(lock)


def _claim(lock: int, path: Path) -> Restore | None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _restore(json.loads(path.read_bytes()))
    except (BlockingIOError, FileNotFoundError):
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DiskError(f"the plan of a restore cannot be read: {path}: {error}") from error


def finish(restore: Restore) -> Restored:
    """Carry a cut-off restore to its end. Raises DiskError: then it is still to be done."""
    try:
        return _carry_out(restore, StepLog(restore.log))
    except OSError as error:
        raise DiskError.from_os("finish the restore of", error.filename or "files", error) from error


def cut_off(pending: Path) -> list[Path]:
    """The plans of restores that did not end, or are under way."""
    return sorted(pending.glob("*.json")) if pending.is_dir() else []


def _carry_out(restore: Restore, log: StepLog) -> Restored:
    foreign = perform(restore.changes, log.store, restore.token)
    done = [step for step in log.steps if step.token == restore.token]
    if done:
        return Restored(restore, done[0], tuple(foreign))
    changes = [change for change in restore.changes if change.path not in foreign]
    step = log.append("restore", restore.turn_id, restore.title, changes, restore.token)
    return Restored(restore, step, tuple(foreign))


def _take_back(restore: Restore, log: StepLog, path: Path, error: OSError | DiskError) -> None:
    """Put everything as it was, and raise what went wrong; where that fails as well, the plan stays for later."""
    reverse = [Change(change.path, change.after, change.before) for change in restore.changes]
    why = error.message if isinstance(error, DiskError) else f"{error.strerror or error}: {error.filename or ''}"
    try:
        perform(reverse, log.store, restore.token)
    except (OSError, DiskError) as worse:
        hint = "It is tried again when kimicode starts next."
        raise DiskError(f"the files could be restored only in part: {why}", hint=hint) from worse
    path.unlink(missing_ok=True)
    raise DiskError(f"nothing was restored: {why}") from error


def _write(path: Path, restore: Restore) -> int:
    """Put the plan on the disk; the descriptor returned holds its lock."""
    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with open(descriptor, "wb", closefd=False) as stream:
                stream.write(json.dumps(_record(restore)).encode("ascii"))
            os.fsync(descriptor)
            os.replace(temporary, path)
            folder = os.open(path.parent, os.O_RDONLY)
            with suppress(OSError):
                os.fsync(folder)
            os.close(folder)
        except OSError:
            os.close(descriptor)
            raise
    except OSError as error:
        raise DiskError.from_os("write the plan of the restore", path, error) from error
    return descriptor


def _record(restore: Restore) -> dict[str, Any]:
    return {
        "token": restore.token,
        "log": str(restore.log),
        "title": restore.title,
        "turn": restore.turn_id,
        "rewind": restore.rewind.turn_id,
        "call": restore.rewind.call_id,
        "changes": [change_record(change) for change in restore.changes],
    }


def _restore(record: dict[str, Any]) -> Restore:
    changes = tuple(change_of(change) for change in record["changes"])
    log = Path(record["log"])
    rewind = Rewind(record["rewind"], record.get("call", ""))
    token, title, turn = record["token"], record["title"], record["turn"]
    if not _TOKEN.fullmatch(token) or not are_texts((title, turn, rewind.turn_id, rewind.call_id)):
        raise ValueError("not the plan of a restore")
    return Restore(token, log, title, turn, rewind, changes)
