"""What commands print: coloured as they wanted it, or its head and tail while it is folded."""

from collections.abc import Sequence

from rich.style import Style

from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text import symbols
from kimicode.tui.text.ansi import coloured
from kimicode.tui.text.cells import crop
from kimicode.tui.text.flow import Margin, flow, plain
from kimicode.tui.text.sanitise import overwritten, visible

HEAD, TAIL = 3, 5
ROWS = 4
"""Rows that one line may take while it is folded."""


def render(text: str, width: int, look: Look, margin: Margin) -> list[Line]:
    """An output's lines; what is not shown costs next to nothing. The line breaks at its end are not shown."""
    text = text.rstrip("\r\n")
    if not text:
        return []
    if look.expanded:
        return _lines(text, width, look, margin)
    lines = text.split("\n")
    if len(lines) <= HEAD + TAIL + 1:
        return _short(lines, width, look, margin)
    hidden = more(len(lines) - HEAD - TAIL, look)
    return [
        *_short(lines[:HEAD], width, look, margin),
        *plain([hidden], look.palette.muted, width, margin),
        *_short(lines[-TAIL:], width, look, margin),
    ]


def more(count: int, look: Look) -> str:
    """What stands for lines that are folded away."""
    return f"{symbols.of(look).ellipsis} {count:,} more line{'s' * (count != 1)}"


def _short(lines: Sequence[str], width: int, look: Look, margin: Margin) -> list[Line]:
    room = max(1, width - margin.width) * ROWS
    # a line of some megabytes is cut before anything looks at each of its characters
    cut = [crop(line[-8 * room :] if "\r" in line else line[: 8 * room], 2 * room) for line in lines]
    shown = [crop(line, room) if "\x1b" not in line else line for line in cut]
    return _lines("\n".join(shown), width, look, margin)


def _lines(text: str, width: int, look: Look, margin: Margin) -> list[Line]:
    text = overwritten(text)
    if "\x1b" not in text:
        return plain(visible(text).split("\n"), look.palette.text, width, margin)
    state = Style.null()
    lines: list[Line] = []
    for line in text.split("\n"):
        runs, state = coloured(line, look.palette.text, state)
        lines += flow(runs, width, margin)
    return lines
