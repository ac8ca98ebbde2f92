"""Deletes a session: its folder goes in one rename, so that a half-deleted one is never listed."""

import shutil
import tempfile
from pathlib import Path

from kimicode.errors import DiskError, LockedSession
from kimicode.sessions.journal import JOURNAL, is_open


def remove_session(folder: Path) -> None:
    """Delete the folder of a session. Raises LockedSession where a process writes it, DiskError."""
    if is_open(folder):
        raise LockedSession(f"session {folder.name} is open", hint="Close it first.")
    if not (folder / JOURNAL).is_file():
        raise DiskError(f"{folder} holds no session")
    try:
        grave = Path(tempfile.mkdtemp(prefix=".removed-", dir=folder.parent))
        folder.rename(grave / folder.name)
        shutil.rmtree(grave)
    except OSError as error:
        raise DiskError.from_os("delete", folder, error) from error
