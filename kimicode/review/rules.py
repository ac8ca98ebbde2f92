"""What a project asks of a review, as the commit says that the change begins at: never as the change would have it.

They are words for the model and paths to leave out. Nothing in them moves tools, permissions, limits or where a comment
goes.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from kimicode.config.instructions import LIMIT_BYTES
from kimicode.config.obeyed import INSTRUCTIONS
from kimicode.review.source import Source
from kimicode.workspace.encoding import shown_path

REVIEW = ".kimicode/review.md"
LARGEST = 16 * 1024
"""Bytes of the project's rules for reviews."""

MOST_GUIDES = 40
MOST_GLOBS, LONGEST_GLOB, MOST_STARS = 100, 200, 8
LONGEST_PATH = 1_000

_IGNORE = re.compile(r"^[ \t]*(?:[-*][ \t]+)?ignore:[ \t]*(\S[^\n]*?)[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_STAR = re.compile(r"(?<!\*)\*(?!\*)")
_PIECE = re.compile(r"(\*\*/|\*\*|\?)")
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Guide:
    """An instruction file of the project, and the folder that it is for, "" at the top."""

    path: str
    folder: str
    text: str


@dataclass(frozen=True, slots=True)
class Rules:
    """`review` is the project's file for reviews, `guides` are its general ones, the outermost first.

    `notices` say to a person what does not count: a version that this change brings, what was too long.
    """

    review: str = ""
    guides: tuple[Guide, ...] = ()
    ignored: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of them."""
        return self.for_paths(None)

    def for_paths(self, paths: Collection[str] | None) -> str:
        """What counts for some paths, each file under its name."""
        guides = [one for one in self.guides if paths is None or any(_is_below(path, one.folder) for path in paths)]
        named = [(REVIEW, self.review), *((one.path, one.text) for one in guides)]
        return "\n\n".join(f"{shown_path(name)}:\n{text}" for name, text in named if text)

    def leaves_out(self, path: str) -> bool:
        """Whether a line "ignore: GLOB" names it, or a folder that it is in."""
        return len(path) <= LONGEST_PATH and any(_pattern(glob).fullmatch(path) for glob in self.ignored)


def rules_of(source: Source) -> Rules:
    """The rules for a change. Links are not followed. Raises GitError."""
    notices = _Notices(source)
    own = _text(source, REVIEW, LARGEST, notices)
    globs = [glob.strip("`\"'") for glob in _IGNORE.findall(own)]
    usable = [glob for glob in globs if len(glob) <= LONGEST_GLOB and glob.count("*") <= MOST_STARS and glob.strip("/")]
    if len(usable) < len(globs) or len(usable) > MOST_GLOBS:
        notices.add(f"{REVIEW}: not every line that says ignore: could be used")
    review = _IGNORE.sub("", own).strip()
    return Rules(review, tuple(_guides(source, notices)), tuple(usable[:MOST_GLOBS]), tuple(notices.said))


class _Notices:
    """What is said once; and of every file that is looked for, whether the change touches it."""

    def __init__(self, source: Source) -> None:
        self.said: list[str] = []
        self._changed = {path for file in source.change.files for path in (file.path, file.old_path)}

    def add(self, text: str) -> None:
        if text not in self.said:
            self.said.append(text)

    def look(self, path: str) -> None:
        if path in self._changed:
            self.add(f"this change touches {shown_path(path)}: the version before it counts")


def _guides(source: Source, notices: _Notices) -> Iterator[Guide]:
    """The instruction files around the changed files; the nearest get what room there is."""
    found: list[Guide] = []
    room = LIMIT_BYTES
    for folder in sorted(_folders(source), key=lambda each: (-each.count("/") - bool(each), each)):
        if not room or len(found) == MOST_GUIDES:
            notices.add("there are more instruction files than fit: the nearest to what changed count")
            break
        for path in (f"{folder}/{name}" if folder else name for name in INSTRUCTIONS):
            text = _text(source, path, room, notices)
            if text.strip():
                found.append(Guide(path, folder, text.strip()))
                room = max(0, room - len(text.encode()))
                break
    return reversed(found)


def _folders(source: Source) -> set[str]:
    """All folders that hold something that changed, up to the top."""
    paths = (path for file in source.change.files for path in (file.path, file.old_path))
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    return {"" if parent == "." else parent for parent in parents}


def _text(source: Source, path: str, room: int, notices: _Notices) -> str:
    """What the file said before the change; "" where it was none, was no plain file, or no room is left."""
    notices.look(path)
    entry = source.before.get(path)
    if entry is None or not entry.is_file:
        return ""
    data = source.read(path, "old") or b""
    if len(data) > room:
        notices.add(f"{shown_path(path)} is longer than what fits: {room} bytes of it count")
    return data[:room].decode("utf-8-sig", "ignore").replace("\r\n", "\n")


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder + "/")


@lru_cache(maxsize=MOST_GLOBS)
def _pattern(glob: str) -> re.Pattern[str]:
    """As in .gitignore: without a slash it is a name at any depth, and what is in a folder belongs to it."""
    plain = glob.rstrip("/")
    begin = "" if "/" in plain else "(?:.*/)?"
    end = "/.*" if glob.endswith("/") else "(?:/.*)?"
    chunks = [_translated(chunk) for chunk in _STAR.split(plain.removeprefix("/"))]
    # What stands between two stars is looked for once: going back for another place would find nothing more.
    middle = "".join(f"(?>[^/]*?{chunk})" for chunk in chunks[1:-1])
    last = f"[^/]*{chunks[-1]}" if len(chunks) > 1 else ""
    return re.compile(begin + chunks[0] + middle + last + end, re.DOTALL)


def _translated(chunk: str) -> str:
    return "".join(_MEANING.get(piece) or re.escape(piece) for piece in _PIECE.split(chunk))
