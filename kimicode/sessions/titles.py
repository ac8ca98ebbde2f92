"""The name that a person gave a session: an event in the journal, and beside it a file that lists read quickly."""

from contextlib import suppress
from pathlib import Path

from kimicode.errors import DiskError
from kimicode.events import TitleChanged
from kimicode.sessions.journal import Journal

FILE = "title"
LONGEST = 200


def tidy(title: str) -> str:
    """One line of printable characters, at most LONGEST of them."""
    printable = "".join(character if character.isprintable() else " " for character in title)
    return " ".join(printable.split())[:LONGEST].strip()


def title_from(prompt: str) -> str:
    """The title of a session that nobody named: its first prompt's first line."""
    return tidy(prompt.strip().partition("\n")[0])


def rename(folder: Path, title: str) -> None:
    """Name a session that nobody has open. Raises LockedSession and DiskError."""
    journal = Journal.open(folder)
    try:
        record(journal, tidy(title))
    finally:
        journal.close()


def record(journal: Journal, title: str) -> TitleChanged:
    """Name the session of an open journal and return the event that was written. Raises DiskError."""
    event = TitleChanged(title)
    journal.append(event)
    try:
        (journal.folder / FILE).write_text(title, "utf-8")
    except OSError as error:
        raise DiskError.from_os("write", journal.folder / FILE, error) from error
    return event


def title_of(folder: Path) -> str:
    """The name that was given; "" where there is none."""
    with suppress(OSError, ValueError):
        return tidy((folder / FILE).read_text("utf-8"))
    return ""
