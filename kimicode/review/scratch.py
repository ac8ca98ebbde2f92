"""Temporary folders of a review. One that was killed leaves them behind: a later review clears them away."""

import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from kimicode.errors import DiskError
from kimicode.workspace.discard import discard

PREFIX = "kimicode-review-"
ABANDONED_S = 86_400.0
"""No review takes a day."""


def make() -> Path:
    """A new folder that nobody else can read, as a real path. Raises DiskError."""
    try:
        return Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    except OSError as error:
        raise DiskError.from_os("make a temporary folder in", tempfile.gettempdir(), error) from error


def sweep(parent: Path | None = None, *, pattern: str = f"{PREFIX}*", unused_s: float = ABANDONED_S) -> None:
    """Remove folders that nobody used for so long. Other people's, and what is no folder, stay. Blocks."""
    latest = time.time() - unused_s
    for folder in (parent or Path(tempfile.gettempdir())).glob(pattern):
        try:
            status = folder.lstat()
        except OSError:  # another review was quicker
            continue
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and status.st_mtime < latest:
            remove(folder)


def remove(folder: Path) -> None:
    """With all that it holds, also what commands have closed to us. What cannot be removed stays, without a word."""
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if not os.path.islink(path):
                with suppress(OSError):
                    os.chmod(path, 0o700)
    discard(folder)
