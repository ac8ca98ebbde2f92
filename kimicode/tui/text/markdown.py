"""An answer cut into the pieces that are rendered once: a stream of Markdown, and where its blocks end for certain.

A piece keeps the blank lines before it, so that it is painted with the distance that the source has.
"""

import re
from collections.abc import Sequence

_FENCE = re.compile(r" *(?P<mark>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_HEADING = re.compile(r" {0,3}#{1,6}(?: |$)")
_RULE = re.compile(r" {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$")
_ITEM = re.compile(r" {0,3}(?:[-*+]|(?P<number>\d{1,9})[.)])(?P<blanks> +|$)")


class Splitter:
    """Takes an answer delta by delta and gives out its top-level blocks, each item of a list being one.

    Every line is looked at once, when it is complete, so that a delta costs what it brings and not what came before.
    The pieces joined are the source. Where a line leaves it open whether a block goes on, the piece goes on.
    """

    def __init__(self) -> None:
        self._tail: list[str] = []
        self._open()

    @property
    def rest(self) -> str:
        """What belongs to no closed piece yet."""
        return "".join(self._lines) + self.unfinished

    @property
    def fence(self) -> re.Match[str] | None:
        """The mark and the info of the fence that the open piece consists of; None if it is something else."""
        return None if self._offset else self._fence

    @property
    def lines(self) -> Sequence[str]:
        """The complete lines of the open piece, with their line breaks; `unfinished` follows them."""
        return self._lines

    @property
    def unfinished(self) -> str:
        """The line that is being written."""
        return "".join(self._tail)

    def feed(self, delta: str) -> list[str]:
        """Add to the source; returns the pieces that this closes."""
        self._tail.append(delta)
        if "\n" not in delta:
            return []
        *complete, last = self.unfinished.split("\n")
        self._tail = [last]
        return [piece for line in complete for piece in self._line(line)]

    def finish(self) -> list[str]:
        """The source ends here; returns what is left, perhaps blank lines alone, and begins anew."""
        rest = self.rest
        self._tail = []
        self._open()
        return [rest] if rest else []

    def _open(self) -> None:
        self._lines: list[str] = []
        self._begun = False
        """Whether the open piece has more than blank lines."""
        self._blank = False
        """Whether the line before was blank."""
        self._offset = 0
        """Columns by which what belongs to the open list item is indented; 0 outside of lists."""
        self._fence: re.Match[str] | None = None

    def _line(self, line: str) -> list[str]:
        shape = line.rstrip("\r").expandtabs(4).rstrip(" ")
        indent = len(shape) - len(shape.lstrip(" "))
        closed = []
        if self._fence is not None and shape and indent < self._offset and not self._ends_fence(shape):
            self._fence = None  # a fence within a list item ends where the item's indentation does
        if self._fence is None and self._begun and shape and self._begins(shape, indent):
            closed.append(self._close_before_blanks())
        self._lines.append(line + "\n")
        if self._takes(shape, indent):
            closed.append(self._close())
        self._blank = not shape
        return closed

    def _close(self) -> str:
        piece = "".join(self._lines)
        self._open()
        return piece

    def _close_before_blanks(self) -> str:
        """Close above the blank lines at the end: they belong to what comes now."""
        kept = len(self._lines)
        while not self._lines[kept - 1].strip(" \t\r\n"):
            kept -= 1
        blanks = self._lines[kept:]
        del self._lines[kept:]
        piece = self._close()
        self._lines = blanks
        return piece

    def _begins(self, shape: str, indent: int) -> bool:
        """Whether a line that is not blank certainly begins a new block below the open one."""
        if self._offset and indent >= self._offset:
            return False
        if indent > 3:
            return bool(self._offset) and self._blank
        if self._blank or _FENCE.match(shape) or _HEADING.match(shape):
            return True
        if self._offset:
            return bool(_ITEM.match(shape) or _RULE.match(shape) or shape.lstrip().startswith(">"))
        item = _ITEM.match(shape)
        return bool(item and item["blanks"] and item["number"] in (None, "1") and not _RULE.match(shape))

    def _takes(self, shape: str, indent: int) -> bool:
        """Note what a line means for those below it; True if it ends the piece."""
        if self._fence is not None:
            if not self._ends_fence(shape):
                return False
            self._fence = None
            return not self._offset
        first = bool(shape) and not self._begun
        self._begun = self._begun or first
        if first and indent <= 3:
            if _RULE.match(shape) or _HEADING.match(shape):
                return True
            shape = self._enter_item(shape)
        if first or self._offset:
            self._fence = _FENCE.match(shape) if indent <= 3 or self._offset else None
        return False

    def _enter_item(self, shape: str) -> str:
        """What follows the marks, if the line begins a list item, or several within each other."""
        item = _ITEM.match(shape)
        if item:
            blanks = len(item["blanks"])
            self._offset = item.end() if 1 <= blanks <= 4 else item.end() - blanks + 1
        while item:
            shape = shape[item.end() :]
            item = _ITEM.match(shape) if shape else None
        return shape

    def _ends_fence(self, shape: str) -> bool:
        assert self._fence is not None
        mark, bare = self._fence["mark"], shape.lstrip(" ")
        shallow = self._offset > 0 or len(shape) - len(bare) <= 3
        return shallow and len(bare) >= len(mark) and not bare.strip(mark[0])


def split(source: str) -> list[str]:
    """The pieces of a whole answer."""
    splitter = Splitter()
    return [*splitter.feed(source), *splitter.finish()]


def language(info: str) -> str:
    """The language that the words behind a fence's mark name, in small letters; "" if they name none."""
    words = info.replace("{", " ").replace("}", " ").split()
    return words[0].lstrip(".").lower() if words else ""


def code_blocks(source: str) -> list[str]:
    """The contents of all fenced and indented code blocks, as they were written."""
    from kimicode.tui.text.parse import blocks

    return [token.content for token in blocks(source) or () if token.type in ("fence", "code_block")]
