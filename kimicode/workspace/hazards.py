"""Which files of a project do something by themselves once they are written: programs obey them later, unasked.

An agent that is kept from a command can still write it into one of these. hazards.txt beside this module names them.
"""

import fnmatch
import functools
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePath

_GUARDED = frozenset({".git", ".kimicode"})
"""Folders of git's and of kimicode's own settings."""
_SHORT = re.compile(r"(git|kimico)~\d")
"""What the file systems of Windows call them as well; they pass over dots and blanks at the end of a name, too."""


def guarded(path: PurePath) -> bool:
    """Whether a path in a project belongs to git's or kimicode's own settings."""
    names = [folded(part).rstrip(". ") for part in path.parts]
    return any(name in _GUARDED or _SHORT.fullmatch(name) for name in names)


def runs_later(path: PurePath) -> bool:
    """Whether a program will obey a file in a project, or run what it names, without being asked about it."""
    folders, names = _known()
    *above, name = map(folded, path.parts)
    return not folders.isdisjoint(above) or names.match(name) is not None


def to_look_at(paths: Iterable[str]) -> list[str]:
    """Of a run's changed files those that a person should see before anything is built, tested or pushed."""
    return [path for path in paths if runs_later(PurePath(path)) or guarded(PurePath(path))]


def folded(name: str) -> str:
    """A name as a file system that ignores case, width and invisible characters would see it."""
    normal = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in normal if unicodedata.category(character) != "Cf")


@functools.cache
def _known() -> tuple[frozenset[str], re.Pattern[str]]:
    """Names of folders, and one pattern for all names of files."""
    lines = Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    folders = frozenset(name[:-1] for name in names if name.endswith("/"))
    return folders, re.compile("|".join(fnmatch.translate(name) for name in names if not name.endswith("/")))
