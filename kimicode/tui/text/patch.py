"""A unified diff, of one file or of several, read into rows that know their line numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kimicode.tui.text.sanitise import visible

TAB = 4
Kind = Literal["file", "hunk", "note", "context", "removed", "added"]

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)", re.DOTALL)
_SIGNS: dict[str, Kind] = {" ": "context", "-": "removed", "+": "added"}
_METADATA = ("diff --git ", "index ")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a diff; `text` has neither its sign nor a control character, a carriage return is shown as ␍."""

    kind: Kind
    text: str
    old: int | None = None
    new: int | None = None


def rows(text: str) -> list[Row]:
    """The rows of a diff. Without a hunk's head, lines have no numbers."""
    return list(_rows(text.removesuffix("\n").split("\n")))


def _rows(lines: list[str]) -> Iterator[Row]:
    old = new = None
    # how many lines of the hunk are still to come: a removed "-- x" looks like a file's name
    left_old = left_new = 0
    source = ""
    for line in lines:
        hunk = _HUNK.match(line)
        inside = left_old > 0 or left_new > 0
        if hunk:
            old, new = int(hunk[1]), int(hunk[3])
            left_old, left_new = int(hunk[2] or 1), int(hunk[4] or 1)
            yield Row("hunk", visible(hunk[5], TAB), old, new)
        elif not inside and line.startswith("--- "):
            source = _name(line)
        elif not inside and line.startswith("+++ "):
            target = _name(line)
            yield Row("file", source if target == "/dev/null" else target)
        elif line[:1] in _SIGNS:
            kind = _SIGNS[line[0]]
            yield Row(
                kind, visible(line[1:], TAB), old if kind != "added" else None, new if kind != "removed" else None
            )
            if kind != "added":
                old, left_old = old + 1 if old is not None else None, left_old - 1
            if kind != "removed":
                new, left_new = new + 1 if new is not None else None, left_new - 1
        elif line and not line.startswith(_METADATA):
            yield Row("note", visible(line, TAB))


def _name(line: str) -> str:
    name = visible(line[4:].partition("\t")[0]).strip('"')
    return name[2:] if name[:2] in ("a/", "b/") else name
