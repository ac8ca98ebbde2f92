"""The files of both sides as lines, and what stands around a line: what claims and citations are held against."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from kimicode.index.languages import language_of
from kimicode.index.symbols import definitions_of
from kimicode.review.change import Side
from kimicode.workspace.document import Document

Read = Callable[[str, Side], bytes | None]
_NUMBERED = re.compile(r"^[ \t]*[-+]?[ \t]*\d+(?:\||\t)")
_NAMELESS = frozenset({"variable", "constant", "section"})
"""Definitions that are no place: a fault is in what holds them."""


@dataclass(slots=True)
class Texts:
    """Blocks where `read` does. A file is decoded once."""

    read: Read
    _lines: dict[tuple[str, Side], tuple[str, ...] | None] = field(default_factory=dict)

    def lines(self, path: str, side: Side) -> tuple[str, ...] | None:
        """None for a file that is not there, or is no text."""
        key = path, side
        if key not in self._lines:
            data = self.read(path, side)
            document = None if data is None else Document.from_bytes(data)
            self._lines[key] = None if document is None else tuple(document.lines)
        return self._lines[key]

    def symbol(self, path: str, side: Side, line: int) -> str:
        """The innermost function, method or type around a line, with what holds it: "Store.open"; "" outside of all."""
        data = self.read(path, side)
        found = () if data is None else definitions_of(data, language_of(path, data)) or ()
        around = [one for one in found if one.kind not in _NAMELESS and one.line <= line <= one.end_line]
        inner = max(around, key=lambda one: (one.line, -one.end_line), default=None)
        return "" if inner is None else ".".join(filter(None, (inner.container, inner.name)))


def quoted(text: str) -> str:
    """The first line of what a model copied, without the mark and number that it was shown behind, and squeezed."""
    lines = text.strip("\n").partition("\n")[0]
    return squeezed(_NUMBERED.sub("", lines, count=1))


def squeezed(text: str) -> str:
    """Without differences of whitespace."""
    return " ".join(text.split())
