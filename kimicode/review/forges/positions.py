"""Where a comment stands in GitLab's terms: both paths, the line's number on the sides that have it, line codes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kimicode.review.change import ChangedFile, Line
from kimicode.review.forges.forge import Comment


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of a diff. `old` and `new` are where both sides stand at it, also on the side that lacks it."""

    line: Line
    old: int
    new: int

    def numbers(self) -> dict[str, int]:
        """An unchanged line needs both numbers, any other has one."""
        named = {"old_line": self.line.old, "new_line": self.line.new}
        return {name: number for name, number in named.items() if number}

    def end(self, path: str) -> dict[str, str]:
        """It as an end of a range, for which GitLab takes nothing else. A line code: the path's SHA-1, both numbers."""
        code = f"{hashlib.sha1(_bytes(path), usedforsecurity=False).hexdigest()}_{self.old}_{self.new}"
        return {"line_code": code, "type": "new" if self.line.kind == "+" else "old"}


def position(file: ChangedFile, comment: Comment) -> dict[str, Any] | None:
    """The position of a comment without its three commits; None where the diff does not have its lines."""
    places = {place.line.number(comment.side): place for place in _places(file)}
    first, last = places.get(comment.first), places.get(comment.line)
    if not first or not last:
        return None
    whole = {"position_type": "text", "old_path": file.old_path, "new_path": file.path, **last.numbers()}
    if comment.first >= comment.line:
        return whole
    return {**whole, "line_range": {"start": first.end(file.path), "end": last.end(file.path)}}


def _places(file: ChangedFile) -> Iterator[_Place]:
    for hunk in file.hunks:
        old, new = hunk.old_start, hunk.new_start
        for line in hunk.lines:
            yield _Place(line, old, new)
            old += line.kind != "+"
            new += line.kind != "-"


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
