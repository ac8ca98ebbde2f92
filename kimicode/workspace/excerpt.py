"""Lines of a file with their numbers, as the model sees them everywhere: number, tab, text."""

from collections.abc import Sequence

from kimicode.workspace.encoding import showable

AROUND = 3
LONGEST = 30
WIDEST = 2000


def numbered(lines: Sequence[str], first: int) -> str:
    """The lines under their numbers from `first` (counted from 1); very long ones are cut, and say so."""
    return "\n".join(f"{number}\t{cut(line)}" for number, line in enumerate(lines, first))


def cut(line: str) -> str:
    if len(line) > WIDEST:
        line = f"{line[:WIDEST]}... [cut: the line has {len(line)} characters]"
    return showable(line)


def region(lines: Sequence[str], first: int, last: int) -> str:
    """Lines `first` to `last` (from 1) and a few around them; the middle of a long region is left out."""
    start, stop = max(first - AROUND, 1), min(last + AROUND, len(lines))
    if stop - start + 1 <= LONGEST:
        return numbered(lines[start - 1 : stop], start)
    top, bottom = LONGEST // 2, LONGEST - LONGEST // 2 - 1
    left_out = stop - start + 1 - top - bottom
    head = numbered(lines[start - 1 : start - 1 + top], start)
    tail = numbered(lines[stop - bottom : stop], stop - bottom + 1)
    return f"{head}\n[{left_out} lines left out]\n{tail}"
