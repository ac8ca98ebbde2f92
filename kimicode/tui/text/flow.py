"""From styled runs to lines: wrapping, and the margins left of the text that no copy contains."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from kimicode.tui.lines import Line
from kimicode.tui.text import cells

_JOINED = re.compile("[\u200c\u200d\ufe0e\ufe0f]")

Run = tuple[str, Style]
"""A piece of text without line breaks, and its style."""
Runs = Sequence[Run]


@dataclass(slots=True)
class Margin:
    """What stands left of a block's lines: `first` before the one that comes next, `rest` before those below it."""

    first: tuple[Run, ...] = ()
    rest: tuple[Run, ...] = ()
    width: int = 0
    """In cells; the same for both."""
    silent: int = 0
    """How many of the runs belong to no copy; what follows them, such as the mark of a list item, does."""
    gutter: int = 0
    """The cells of those."""

    def take(self) -> tuple[Run, ...]:
        """The runs before the next line."""
        first, self.first = self.first, self.rest
        return first

    def nested(self, first: Run, rest: Run | None = None, copied: bool = False) -> "Margin":
        """The margin of a block within this one; without `rest`, blanks as wide as `first` go on below it."""
        size = cells.width(first[0])
        runs, below = (*self.take(), first), (*self.rest, rest or (" " * size, first[1]))
        width = self.width + size
        return (
            Margin(runs, below, width, self.silent, self.gutter)
            if copied
            else Margin(runs, below, width, len(runs), width)
        )


def flow(runs: Runs, width: int, margin: Margin, fill: Style | None = None) -> list[Line]:
    """One logical line, wrapped within `width` cells; `fill` paints the rest of each line to the right edge."""
    text = runs[0][0] if len(runs) == 1 else "".join(run[0] for run in runs)
    if not text.isascii():
        runs = whole(runs)
    room = max(width - margin.width, 1)
    pieces = cells.wrap(text, room)
    if len(pieces) == 1:
        return [fitting(*_shown(runs, text, room, fill), margin)]
    lines = []
    last = len(pieces) - 1
    for index, (piece, part) in enumerate(zip(pieces, _cut(runs, pieces), strict=True)):
        shown, _, size = _shown(part, piece, room, fill, soft=index < last)
        lines.append(fitting(shown, piece, size, margin, soft=index < last, follows=index > 0))
    return lines


def plain(texts: Iterable[str], style: Style, width: int, margin: Margin) -> list[Line]:
    """Logical lines of one style: the fast way for thousands of them."""
    lines: list[Line] = []
    room = width - margin.width
    before = [Segment(*run) for run in margin.rest]
    for text in texts:
        if lines and text.isascii() and len(text) <= room and margin.width == margin.gutter:
            strip = Strip([*before, Segment(text, style)], margin.width + len(text))
            lines.append(Line(strip, text, margin.width))
        else:
            lines += flow(((text, style),), width, margin)
    return lines


def fitting(runs: Runs, text: str, size: int, margin: Margin, soft: bool = False, follows: bool = False) -> Line:
    """A line whose runs are known to take `size` cells, and to fit. `follows`: it goes on with a wrapped one."""
    before = margin.take()
    segments = [Segment(*run) for run in before]
    segments += [Segment(*run) for run in runs if run[0]]
    strip = Strip(segments, margin.width + size)
    if follows or len(before) == margin.silent:
        return Line(strip, text, margin.width, soft)
    copied = "".join(run[0] for run in before[margin.silent :])
    return Line(strip, copied + text, margin.gutter, soft)


def whole(runs: Runs) -> Runs:
    """The runs with no grapheme in two of them, such as a joined emoji that a lexer took apart."""
    text = "".join(run[0] for run in runs)
    if len(runs) == 1 or not _JOINED.search(text):
        return runs
    ends = [0, *(end for _, end, _ in cells.graphemes(text))]
    bounds = [ends[bisect_left(ends, end)] for end in accumulate(len(run[0]) for run in runs)]
    return [
        (text[start:end], run[1]) for start, end, run in zip([0, *bounds], bounds, runs, strict=False) if start < end
    ]


def between(runs: Runs, start: int, end: int) -> list[Run]:
    """The part of the runs from one index of their text to another."""
    return list(_between(runs, start, end))


def _between(runs: Runs, start: int, end: int) -> Iterator[Run]:
    at = 0
    for text, style in runs:
        after = at + len(text)
        if after > start and at < end:
            yield text[max(start - at, 0) : end - at], style
        at = after


def _cut(runs: Runs, pieces: Sequence[str]) -> Iterator[list[Run]]:
    """The runs of each of the pieces that their text was wrapped into."""
    left = iter(runs)
    text, style = "", Style.null()
    for piece in pieces:
        part: list[Run] = []
        missing = len(piece)
        while missing:
            if not text:
                text, style = next(left)
            part.append((text[:missing], style))
            missing -= len(part[-1][0])
            text = text[len(part[-1][0]) :]
        yield part


def _shown(runs: Runs, text: str, room: int, fill: Style | None, soft: bool = False) -> tuple[Runs, str, int]:
    """What is painted of a line's runs, its text, and the cells that it takes: no blanks that stand out."""
    size = sum(cells.width(run[0]) for run in runs)
    if soft or size > room:
        bare = len(text.rstrip(" "))
        runs = between(runs, 0, bare if soft else max(bare, len(text) - (size - room)))
        size = sum(cells.width(run[0]) for run in runs)
    if fill is not None and size < room:
        runs, size = [*runs, (" " * (room - size), fill)], room
    return runs, text, size
