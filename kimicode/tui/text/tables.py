"""A table of styled cells fitted into a width: columns that give way, or else a record per row."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from rich.style import Style

from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text import cells, symbols
from kimicode.tui.text.flow import Margin, Run, Runs, between, fitting, flow
from kimicode.tui.text.sanitise import LRM, has_right_to_left

Alignment = Literal["left", "center", "right"]
NARROWEST = 6
"""Cells: where a column of longer text would get fewer, rows become records."""
GAP = 3


@dataclass(frozen=True, slots=True)
class Table:
    head: Sequence[Runs]
    rows: Sequence[Sequence[Runs]]
    alignments: Sequence[Alignment]


def render(table: Table, width: int, look: Look, margin: Margin) -> list[Line]:
    """The table's lines. What is painted is their text, too: columns are part of what a table says."""
    columns = _columns(table, width - margin.width)
    if columns is None:
        return _records(table, width, look, margin)
    sign = symbols.of(look)
    lines = _row([_bold(cell, look) for cell in table.head], table, columns, look, margin)
    rule = f"{sign.horizontal}{sign.crossing}{sign.horizontal}".join(sign.horizontal * size for size in columns)
    lines.append(fitting([(rule, look.palette.muted)], rule, len(rule), margin))
    for row in table.rows:
        lines += _row(row, table, columns, look, margin)
    return lines


def _columns(table: Table, room: int) -> list[int] | None:
    """The width of each column. Wide ones give way first, evenly; None where some would become too narrow."""
    wanted = [
        max(1, *(_width(row[column]) for row in (table.head, *table.rows) if column < len(row)))
        for column in range(len(table.head))
    ]
    room -= GAP * (len(wanted) - 1)
    if sum(wanted) <= room:
        return wanted
    granted = list(wanted)
    # the narrowest first: what they leave of their share is for the wider ones
    for left, column in zip(range(len(wanted), 0, -1), sorted(range(len(wanted)), key=wanted.__getitem__), strict=True):
        granted[column] = min(wanted[column], room // left)
        if granted[column] < min(NARROWEST, wanted[column]):
            return None
        room -= granted[column]
    return granted


def _row(row: Sequence[Runs], table: Table, columns: list[int], look: Look, margin: Margin) -> list[Line]:
    wrapped = [_wrapped(cell, size) for cell, size in zip(row, columns, strict=False)]
    border = (f" {symbols.of(look).vertical} ", look.palette.muted)
    lines = []
    for parts in zip_longest(*wrapped, fillvalue=()):
        runs: list[Run] = []
        for index, (part, size) in enumerate(zip(parts, columns, strict=False)):
            if index:
                runs.append(border)
            runs += _aligned(part, size, table.alignments[index])
        text = "".join(run[0] for run in runs)
        lines.append(fitting(_fenced(runs, border), text, cells.width(text), margin))
    return lines


def _wrapped(cell: Runs, size: int) -> list[Runs]:
    text = "".join(run[0] for run in cell)
    lines: list[Runs] = []
    start = 0
    for piece in cells.wrap(text, size):
        lines.append(between(cell, start, start + len(piece.rstrip(" "))))
        start += len(piece)
    return lines


def _aligned(part: Runs, size: int, alignment: Alignment) -> list[Run]:
    missing = max(0, size - _width(part))
    left = {"left": 0, "center": missing // 2, "right": missing}[alignment]
    return [(" " * left, Style.null()), *part, (" " * (missing - left), Style.null())]


def _fenced(runs: list[Run], border: Run) -> list[Run]:
    """Keep the columns of a line with right-to-left letters in order."""
    if not any(has_right_to_left(run[0]) for run in runs):
        return runs
    return [(LRM + run[0] + LRM, run[1]) if run is border else run for run in runs]


def _records(table: Table, width: int, look: Look, margin: Margin) -> list[Line]:
    lines: list[Line] = []
    for number, row in enumerate(table.rows):
        if number:
            lines.append(fitting((), "", 0, margin))
        for head, cell in zip(table.head, row, strict=False):
            lines += flow([*_bold(head, look), (": ", look.palette.muted), *cell], width, margin)
    if lines:
        return lines
    return [line for head in table.head for line in flow(_bold(head, look), width, margin)]


def _bold(cell: Runs, look: Look) -> list[Run]:
    return [(text, style + look.palette.strong) for text, style in cell]


def _width(cell: Runs) -> int:
    return sum(cells.width(run[0]) for run in cell)
