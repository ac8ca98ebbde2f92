"""The `view` tool: a file's lines under their numbers, an image, or a folder's names."""

import base64
import os
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from kimicode.errors import ToolError
from kimicode.events import Brief
from kimicode.messages import Image, Text
from kimicode.tools.aliases import PATH
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome
from kimicode.workspace.encoding import showable
from kimicode.workspace.excerpt import cut
from kimicode.workspace.listing import entries

FIRST_LOOK = (400, 30_000)
"""Lines and bytes shown when no range is asked for."""
ASKED_FOR = (1000, 100_000)
LISTED = 200
LARGEST_IMAGE = 5_000_000

_IMAGES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
# a zero width joiner after a pictograph builds an emoji; everywhere else it hides
_INVISIBLE = re.compile(
    "[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
    "|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"
)


def _numbers(value: Any) -> Any:
    """Accept a range written as text ("[1, 20]", "1-20", "1:20", "1,20") and an empty one as none."""
    if not value:
        return None
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"[\[(\s]*(-?\d+)\s*[-,:;\s]\s*(-?\d+)[\])\s]*", value)
    return [found[1], found[2]] if found else value


class ViewArguments(Arguments):
    path: str = Field(validation_alias=PATH)
    view_range: Annotated[Annotated[list[int], Field(min_length=2, max_length=2)] | None, BeforeValidator(_numbers)] = (
        None
    )


class View(Tool[ViewArguments]):
    name = "view"
    access = Access.READ
    arguments = ViewArguments

    async def run(self, arguments: ViewArguments, context: ToolContext) -> ToolOutcome:
        files, name = context.files, arguments.path
        real = files.resolve(arguments.path)
        if os.path.isdir(real):
            return _folder(name, real)
        data = files.read_bytes(arguments.path)
        for magic, media_type in _IMAGES:
            if magic.match(data):
                return _image(name, media_type, data)
        document = files.read(arguments.path)
        return _lines(name, document.lines, arguments.view_range)


def _folder(path: str, real: Path) -> ToolOutcome:
    try:
        names = list(islice(entries(real), LISTED + 1))
    except OSError as error:
        raise ToolError(f"cannot list {path}: {error.strerror or error}") from error
    shown = [_one_line(name) for name in names[:LISTED]]
    if len(names) > LISTED:
        shown.append(f"[the first {LISTED} entries; view a folder in it, or use bash: find, ls]")
    return ToolOutcome.of("\n".join(shown) or "(empty folder)", Brief(f"listed {path}"))


def _one_line(name: str) -> str:
    return showable("".join(c if c.isprintable() or c >= "\x80" else repr(c)[1:-1] for c in name))


def _image(path: str, media_type: str, data: bytes) -> ToolOutcome:
    if len(data) > LARGEST_IMAGE:
        raise ToolError(
            f"{path} is an image of {len(data) / 1e6:.1f} MB; at most {LARGEST_IMAGE / 1e6:.0f} MB can be shown",
            hint="Scale it down first with bash.",
        )
    text = f"{path}: {media_type}, {len(data)} bytes"
    image = Image(media_type, base64.b64encode(data).decode("ascii"))
    return ToolOutcome((Text(text), image), Brief(f"viewed {text}"))


def _lines(path: str, lines: Sequence[str], view_range: Sequence[int] | None) -> ToolOutcome:
    if not lines:
        return ToolOutcome.of("(empty file)", Brief(f"viewed {path}, empty"))
    first, last = _bounds(view_range, len(lines))
    most, most_bytes = FIRST_LOOK if view_range is None else ASKED_FOR
    shown: list[str] = []
    size = 0
    for number, line in enumerate(lines[first - 1 : last][:most], first):
        text = f"{number}\t{cut(line)}"
        size += len(text.encode()) + 1
        if size > most_bytes and shown:
            break
        shown.append(text)
    end = first + len(shown) - 1
    notes = [_invisible(lines[first - 1 : end], first), _rest(end, last, len(lines), most)]
    brief = Brief(f"viewed {path}, lines {first}-{end} of {len(lines)}")
    return ToolOutcome.of("\n".join([*shown, *filter(None, notes)]), brief)


def _bounds(view_range: Sequence[int] | None, total: int) -> tuple[int, int]:
    """First and last line, counted from 1. Raises ToolError for a range outside the file."""
    if view_range is None:
        return 1, total
    start, end = (value + total + 1 if value < 0 else value for value in view_range)
    start = max(start, 1)
    if start > total or end < start:
        raise ToolError(f"view_range {list(view_range)} is outside the file: it has {total} lines")
    return start, min(end, total)


def _rest(end: int, last: int, total: int, most: int) -> str:
    if end == total:
        return ""
    if end == last:
        return f"[{total} lines in all]"
    return f"[{total} lines in all; for more: view_range [{end + 1}, {min(end + most, total)}]]"


def _invisible(lines: Sequence[str], first: int) -> str:
    hits = [number for number, line in enumerate(lines, first) for _ in _INVISIBLE.finditer(line)]
    if not hits:
        return ""
    return f"[note: {len(hits)} invisible Unicode characters (zero width, bidi or tags), first in line {hits[0]}]"
