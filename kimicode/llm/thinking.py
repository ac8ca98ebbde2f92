"""`<think>…</think>` that a server without a reasoning parser leaves in the content, told apart as it streams."""

import re
from typing import Final

OPEN: Final = "<think>"
CLOSE: Final = "</think>"
_OPENING = re.compile(r"(?P<tag>[ \t]*+<think>)")
_OPENING_LINE = re.compile(r"\n" + _OPENING.pattern)


class ThinkSplitter:
    """Splits content into (is_thinking, text) runs.

    A tag opens only at the start of a line, so that prose and code which mention the tag stay what they are.
    """

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._at_start = True

    def feed(self, text: str) -> list[tuple[bool, str]]:
        """The runs that are certain now; the beginning of a possible tag is held back."""
        held = self._held + text
        runs: list[tuple[bool, str]] = []
        position = 0
        while (tag := self._next_tag(held, position)) is not None:
            start, end = tag
            self._take(runs, held[position:start])
            self._thinking = not self._thinking
            self._at_start = True
            position = end
        rest = held[position:]
        certain = len(rest) - self._doubtful(rest)
        self._take(runs, rest[:certain])
        self._held = rest[certain:]
        return runs

    def close(self) -> list[tuple[bool, str]]:
        """What was held back, at the end of the stream."""
        runs: list[tuple[bool, str]] = []
        self._take(runs, self._held)
        self._held = ""
        return runs

    def _next_tag(self, held: str, position: int) -> tuple[int, int] | None:
        if self._thinking:
            start = held.find(CLOSE, position)
            return (start, start + len(CLOSE)) if start >= 0 else None
        at_once = _OPENING.match(held, position) if self._at_start else None
        match = at_once or _OPENING_LINE.search(held, position)
        return match.span("tag") if match else None

    def _take(self, runs: list[tuple[bool, str]], text: str) -> None:
        if text:
            runs.append((self._thinking, text))
            self._at_start = text.endswith("\n")

    def _doubtful(self, rest: str) -> int:
        """How many characters at the end may be the beginning of a tag."""
        if self._thinking:
            return next((n for n in range(len(CLOSE) - 1, 0, -1) if rest.endswith(CLOSE[:n])), 0)
        line_start = rest.rfind("\n") + 1
        line = rest[line_start:]
        could_open = OPEN.startswith(line.lstrip(" \t")) and (line_start > 0 or self._at_start)
        return len(line) if could_open and len(line) <= 200 else 0


def split_unopened(text: str) -> tuple[str, str]:
    """(thinking, text) of an answer whose opening tag stood in the prompt; ("", text) where no tag closes."""
    thinking, closed, rest = text.partition(CLOSE)
    return (thinking, rest.lstrip("\n")) if closed and "`" not in thinking[-1:] else ("", text)
