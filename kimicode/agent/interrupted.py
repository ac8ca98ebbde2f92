"""What a command did until kimicode was killed in the middle of it: recorded by whoever opens the session next."""

import os
import shutil
from pathlib import Path

from kimicode import paths
from kimicode.agent.origin import origin_of
from kimicode.agent.undo import FOLDER
from kimicode.errors import DiskError, KimicodeError, LockedSession
from kimicode.events import Notice
from kimicode.git.contents import TreeContents
from kimicode.git.repository import Repository
from kimicode.git.snapshot import left_behind
from kimicode.sessions.journal import Journal
from kimicode.workspace.changes import Watched
from kimicode.workspace.lastlook import LastLook, Seen, Underway
from kimicode.workspace.steplog import Change, StepLog

SCRATCH = "scratch"
"""In the session's folder: what goes when the session is closed."""
HEARTBEAT_S = 1.0
_SHOWN = 80
SLACK_NS = 2_000_000_000
"""Behind the last sign of life: signs are a second apart, and clocks of the disk may be coarse."""


def record_cut_off(folder: Path) -> list[Notice]:
    """Record the step that did not end, if there is one, and say so. The session of this folder is the caller's.

    What changed after kimicode's end is not the command's, and so counts as a person's.
    """
    look = LastLook(folder / FOLDER)
    found = look.cut_off()
    if found is None:
        return []
    step, alive_ns = found
    try:
        number = _record(folder, step, look.seen(), alive_ns + SLACK_NS)
    except (KimicodeError, OSError) as error:
        text = f"what it did until kimicode was killed cannot be taken back: {step.title}: {error}"
        return [Notice("warning", "undo-cut-off", text)]
    finally:
        look.forget()
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    if not number:
        return []
    text = f"kimicode was killed during `{step.title[:_SHOWN]}`; what that did until then is step {number}"
    return [Notice("warning", "undo-cut-off", text)]


def record_if_closed(folder: Path) -> list[Notice]:
    """The same where the session may be open: then its step is still under way. Raises DiskError."""
    if LastLook(folder / FOLDER).cut_off() is None:
        return []
    try:
        journal = Journal.open(folder)
    except LockedSession:
        return []
    try:
        return record_cut_off(folder)
    finally:
        journal.close()


def _record(folder: Path, step: Underway, seen: Seen | None, alive_ns: int) -> int:
    """The number of the step, 0 where it changed nothing. Raises DiskError, GitError."""
    if seen is None:
        raise DiskError("what was there before is not known")
    log = StepLog(folder / FOLDER)
    watched = Watched(seen.root, log.store, (paths.sessions_dir(), paths.restores_dir()))
    watched.go_on(origin_of(_contents(folder, seen)), seen.known)
    changes = [*watched.look(), *(watched.look_at(step.named) if step.named else ())]
    later = [change for change in changes if _changed_at(change) > alive_ns]
    before = [change for change in changes if change not in later]
    done = log.append("agent", step.turn_id, f"cut off: {step.title}", before, call_id=step.call_id)
    log.append("person", step.turn_id, "", later)
    return done.number if done is not None else 0


def _contents(folder: Path, seen: Seen) -> TreeContents | None:
    """None for a workspace without git. Raises DiskError where git had the bytes and they are gone, GitError."""
    if not seen.tree:
        return None
    repository = Repository.discover(seen.root)
    contents = left_behind(repository, folder / SCRATCH, seen.tree) if repository is not None else None
    if contents is None:
        raise DiskError(f"the snapshot of {seen.root} is gone")
    return contents


def _changed_at(change: Change) -> int:
    """When, in ns of Unix time; 0 for what is gone: nothing of a person's is lost when it comes back."""
    try:
        return os.lstat(change.path).st_ctime_ns
    except OSError:
        return 0
