"""What a command did until kimicode was killed in the middle of it: recorded by whoever opens the session next."""

import os
import shutil
from pathlib import Path

from kimicode import paths
from kimicode.agent.origin import origin_of
from kimicode.agent.undo import FOLDER
from kimicode.errors import DiskError, KimicodeError
from kimicode.events import Notice
from kimicode.git.contents import TreeContents
from kimicode.git.repository import Repository
from kimicode.git.snapshot import left_behind
from kimicode.workspace.changes import Watched
from kimicode.workspace.lastlook import LastLook, Seen, Underway
from kimicode.workspace.steplog import Change, StepLog

SCRATCH = "scratch"
"""In the session's folder: what goes when the session is closed."""
HEARTBEAT_S = 1.0
_SLACK_NS = 2_000_000_000


def record_cut_off(folder: Path) -> list[Notice]:
    """Record the step that did not end, if there is one, and say so. The session of this folder is the caller's.

    What changed after kimicode's end is not the command's, and so counts as a person's.
    """
    look = LastLook(folder / FOLDER)
    found, seen = look.cut_off(), look.seen()
    if found is None:
        return []
    step, alive_ns = found
    try:
        number = _record(folder, step, seen, alive_ns + _SLACK_NS) if seen is not None else 0
    except (KimicodeError, OSError) as error:
        text = f"what it did until kimicode was killed cannot be taken back: {step.title}: {error}"
        return [Notice("warning", "undo-cut-off", text)]
    finally:
        look.forget()
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    if not number:
        return []
    text = f"kimicode was killed during `{step.title}`; what that did until then is step {number}"
    return [Notice("warning", "undo-cut-off", text)]


def _record(folder: Path, step: Underway, seen: Seen, alive_ns: int) -> int:
    log = StepLog(folder / FOLDER)
    watched = Watched(seen.root, log.store, (paths.sessions_dir(), paths.restores_dir()))
    watched.go_on(origin_of(_contents(folder, seen)), seen.known)
    changes = [*watched.look(), *(watched.look_at(step.named) if step.named else ())]
    later = [change for change in changes if _changed_at(change) > alive_ns]
    before = [change for change in changes if change not in later]
    done = log.append("agent", step.turn_id, f"{step.title} (cut off)", before, call_id=step.call_id)
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
