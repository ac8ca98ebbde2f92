"""What a folder can tell kimicode: its own settings, commands and instructions, found by name and read with bounds.

Whoever obeys one of them reads it here, so that the bytes that were approved are the bytes that count.
"""

import hashlib
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

INSTRUCTIONS = ("AGENTS.override.md", "AGENTS.md", "CLAUDE.md")
"""In each folder the first of these that exists and says something counts."""
OWN = ".kimicode"
"""The folder of settings and commands."""
LARGEST = 1024 * 1024
"""Bytes of an item that are read; what lies behind is never obeyed."""
MOST_OWN = 500
SURVEY_S = 2.0
"""How long a survey may take; what it does not reach counts as new when somebody comes there."""
_SKIPPED = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", "target", OWN}


def search_path(cwd: Path) -> tuple[Path, ...]:
    """`cwd` and its parents up to the folder that holds `.git`; `cwd` alone outside of a repository.

    Names alone decide. A `.git` in the home folder or at the top makes no project of all that lies below.
    """
    start = cwd.resolve()
    folders = (start, *start.parents)
    for index, folder in enumerate(folders):
        if os.path.lexists(folder / ".git") and (folder == start or not is_wide(folder)):
            return folders[: index + 1]
    return (start,)


def is_wide(folder: Path) -> bool:
    """Whether it is the home folder, or holds it, or is the top of all: what lies there comes from everywhere."""
    home = os.path.expanduser("~")  # stays as it is where nobody has one
    return folder == Path(folder.anchor) or (
        os.path.isabs(home) and Path(os.path.realpath(home)).is_relative_to(folder)
    )


def read(path: Path, root: Path) -> bytes | None:
    """The first bytes of an item of `root`; None for what is no file, cannot be read, or leads out through a link."""
    if not Path(os.path.realpath(path)).is_relative_to(root) or not os.path.isfile(path):
        return None
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError:
        return None


def fingerprint(data: bytes) -> str:
    """What an item's content is known by: its SHA-256."""
    return hashlib.sha256(data).hexdigest()


def name_of(path: Path, root: Path) -> str:
    """An item as it is called in records and notices: its path below `root`."""
    return path.relative_to(root).as_posix()


def items_near(cwd: Path) -> list[Path]:
    """The items that count for work in `cwd`, by name alone: those of its folder and of all above it in its project."""
    return [item for folder in search_path(cwd) for item in _items_of(folder)]


def present(cwd: Path) -> list[str]:
    """What is there to be obeyed in `cwd`, by the names in its folders alone and without a look into anything."""
    folders = search_path(cwd)
    found = (folder / name for folder in folders for name in (OWN, *INSTRUCTIONS))
    return [name_of(path, folders[-1]) for path in found if os.path.lexists(path)]


def survey(root: Path) -> dict[str, str]:
    """The fingerprints of all items of a project by name; repositories inside it answer for themselves."""
    found: dict[str, str] = {}
    folders, until = deque([root]), time.monotonic() + SURVEY_S
    while folders and time.monotonic() < until:
        folder = folders.popleft()
        names = _names_in(folder)
        if ".git" in names and folder != root:
            continue
        if not names.keys().isdisjoint((OWN, *INSTRUCTIONS)):
            found |= fingerprints(root, _items_of(folder))
        folders += (folder / name for name, is_folder in names.items() if is_folder and name not in _SKIPPED)
    return found


def fingerprints(root: Path, items: Iterable[Path]) -> dict[str, str]:
    """By name; items that cannot be read, or whose names are no text, are left out."""
    read_ones = ((item, read(item, root)) for item in items)
    return {
        name_of(item, root): fingerprint(data) for item, data in read_ones if data is not None and _is_text(str(item))
    }


def _items_of(folder: Path) -> Iterator[Path]:
    own = folder / OWN
    if own.is_dir() and not own.is_symlink():
        yield from sorted(islice((path for path in own.rglob("*") if path.is_file()), MOST_OWN))
    yield from (folder / name for name in INSTRUCTIONS if os.path.lexists(folder / name))


def _names_in(folder: Path) -> dict[str, bool]:
    """The names in a folder, and whether each is a folder itself."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError:
        return {}


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
