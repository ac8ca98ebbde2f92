"""Where to work and what to go on with: the folder and the session that a person named, or those that follow."""

from collections.abc import Callable
from pathlib import Path

from kimicode.errors import DiskError, UsageError
from kimicode.events import Notice
from kimicode.sessions.catalog import describe, find_session, latest_session

LAST = "last"
"""Stands for the id of the session last used in the folder."""


def place_of(resume: str, folder: Path | None, show: Callable[[Notice], None]) -> tuple[str, Path]:
    """The id of the session to go on with ("" for a new one) and the folder to work in: by default the session's own.

    What the model knows of a session are paths of the folder in which it began. Raises UsageError and DiskError.
    """
    here = absolute(folder or Path())
    if resume == LAST:
        latest = latest_session(here)
        if latest is None:
            hint = "`kimicode sessions list --all` shows those of other folders."
            raise UsageError(f"there is no earlier session in {here}", hint=hint)
        return latest.name, here
    if not resume:
        return "", here
    session = describe(find_session(resume))
    began = Path(session.cwd or here)
    if began.resolve() == here.resolve():
        return session.id, here
    if folder is not None:
        show(Notice("warning", "folder", f"the session began in {began} and goes on in {here}"))
        return session.id, here
    if not began.is_dir():
        raise DiskError(f"the session's folder {began} is gone", hint="Say where it is now: -C DIR.")
    show(Notice("warning", "folder", f"working in {began}, where the session began"))
    return session.id, began


def kept(path: Path) -> Path:
    """The real path of a file to write later, whatever links are put in its way until then; devices as they are.

    Raises DiskError.
    """
    named = absolute(path)
    return named if named.is_relative_to("/dev") else named.resolve()


def absolute(path: Path) -> Path:
    """Raises DiskError where there is no folder to start from any more."""
    try:
        return path.absolute()
    except FileNotFoundError:
        raise DiskError("the current folder no longer exists", hint="Change to another folder, or use -C.") from None
