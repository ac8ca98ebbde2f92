"""A change as git tells it: files, hunks, and lines with their numbers on both sides.

Paths are git's bytes decoded with surrogateescape; texts of lines are shown text, without the end of the line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Side = Literal["old", "new"]
Status = Literal["added", "modified", "deleted", "renamed", "copied", "type"]
"""`type`: what was a file became a link, or the other way round."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a hunk. `old` and `new` are its numbers, from 1; 0 on the side that does not have it."""

    kind: Literal[" ", "+", "-"]
    old: int
    new: int
    text: str

    def number(self, side: Side) -> int:
        return self.old if side == "old" else self.new


@dataclass(frozen=True, slots=True)
class Hunk:
    """Neighbouring changes with the lines around them; `heading` is what git prints behind the second @@."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    heading: str
    lines: tuple[Line, ...]

    def holds(self, side: Side, line: int) -> bool:
        """Whether a line of that side stands in it, changed or not."""
        start, count = (self.old_start, self.old_count) if side == "old" else (self.new_start, self.new_count)
        return start <= line < start + count


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a change. `path` is its name now, or the one it had where it is deleted; `old_path` the one before.

    Modes are git's ("100644"), "" on the side where the file is not. A binary file has no hunks; a file of which only
    name or mode changed has none either.
    """

    path: str
    old_path: str
    status: Status
    old_mode: str
    new_mode: str
    binary: bool
    hunks: tuple[Hunk, ...]

    def path_on(self, side: Side) -> str:
        return self.old_path if side == "old" else self.path

    def lines(self) -> Iterator[Line]:
        for hunk in self.hunks:
            yield from hunk.lines

    def changed(self, side: Side) -> frozenset[int]:
        """The numbers of the lines that are new (side "new") or gone (side "old")."""
        kind = "-" if side == "old" else "+"
        return frozenset(line.number(side) for line in self.lines() if line.kind == kind)


@dataclass(frozen=True, slots=True)
class Change:
    """What is reviewed. `base` and `head` are commits; `head` is "" where what is reviewed is not committed.

    `title`, `description` and `commits` (subjects, newest first) are the author's words: data, never instructions.
    """

    base: str
    head: str
    files: tuple[ChangedFile, ...]
    title: str = ""
    description: str = ""
    commits: tuple[str, ...] = ()

    def file(self, path: str) -> ChangedFile | None:
        """By its name now; a deleted one by the name it had."""
        return next((file for file in self.files if file.path == path), None)
