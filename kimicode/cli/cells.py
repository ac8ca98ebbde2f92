"""How wide text is on a terminal: a Chinese letter or an emoji takes two cells, a combining mark none."""

import unicodedata
from bisect import bisect_right
from itertools import accumulate


def width_of(text: str) -> int:
    """Terminal cells that the text takes."""
    return sum(map(_cells, text))


def cut(line: str, width: int) -> str:
    """The line in at most `width` terminal cells, with an ellipsis where something is missing."""
    ends = list(accumulate(map(_cells, line)))
    if not ends or ends[-1] <= width:
        return line
    return line[: bisect_right(ends, width - 1)] + "…"


def _cells(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
