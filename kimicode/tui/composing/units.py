"""Where a cursor may stand in a line: never inside a label, nor inside what a reader sees as one character."""

import re

from kimicode.tui.composing.draft import Attachments
from kimicode.tui.text.cells import graphemes

_WORD_BEFORE = re.compile(r"\w+\W*$|\W+$")
_WORD_AFTER = re.compile(r"\W*\w+|\W+")


def around(line: str, column: int, labels: Attachments) -> tuple[int, int]:
    """Start and end of the unit that the character at `column` belongs to."""
    for start, end in labels.spans(line):
        if start <= column < end:
            return start, end
    if not line.isascii():
        for start, end, _ in graphemes(line):
            if start <= column < end:
                return start, end
    return column, column + 1


def nearest(line: str, column: int, labels: Attachments) -> int:
    """The place nearest to `column` between two units."""
    start, end = around(line, column, labels)
    return column if start == column else start if column - start < end - column else end


def word_left(line: str, column: int, labels: Attachments) -> int:
    """Where the word or label to the left of `column` starts."""
    before = line[:column]
    found = _WORD_BEFORE.search(before)
    start = found.start() if found else 0
    behind = [span for span in labels.spans(before) if span[1] > start]
    if behind:
        first, end = behind[-1]
        return first if not line[end:column].strip() else end
    return around(line, start, labels)[0]


def word_right(line: str, column: int, labels: Attachments) -> int:
    """Where the word or label to the right of `column` ends."""
    found = _WORD_AFTER.match(line, column)
    stop = found.end() if found else len(line)
    for start, end in labels.spans(line):
        if column <= start < stop:
            return end if not line[column:start].strip() else start
    return around(line, stop - 1, labels)[1]
