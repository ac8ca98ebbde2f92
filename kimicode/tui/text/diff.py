"""A diff as lines: numbered, with the code highlighted and the changed words of changed lines marked."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, zip_longest

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from kimicode.tui.lines import Line
from kimicode.tui.palette import Look, Palette
from kimicode.tui.text import symbols
from kimicode.tui.text.flow import Margin, Run, Runs, between, flow
from kimicode.tui.text.highlight import code
from kimicode.tui.text.patch import Kind, Row, rows
from kimicode.tui.text.sanitise import LRM, has_right_to_left
from kimicode.tui.text.words import Span, changes

NARROWEST_PAIR = 100
"""Columns below which two sides next to each other cannot be read."""
MOST_PAIRS = 300
"""Lines of one diff whose words are compared."""

Painted = tuple[Row, Runs]


def unified(text: str, width: int, look: Look, margin: Margin | None = None, names: bool = True) -> list[Line]:
    """The old line above the new one. `names`: whether each file's name is shown above its changes."""
    page = _Page(rows(text), look, names)
    indent = margin or Margin()
    return [line for painted in page.painted() for line in page.lines(painted, width, indent)]


def side_by_side(text: str, width: int, look: Look) -> list[Line]:
    """The old file left, the new one right; one above the other where there is too little room."""
    if width < NARROWEST_PAIR:
        return unified(text, width, look)
    page = _Page(rows(text), look, names=True)
    half = (width - 3) // 2
    lines: list[Line] = []
    for left, right in _pairs(page.painted()):
        if right is None and left is not None and left[0].kind not in ("context", "removed"):
            lines += page.lines(left, width, Margin())
            continue
        olds = page.lines(left, half, Margin(), "old") if left else []
        news = page.lines(right, half, Margin(), "new") if right else []
        lines += [_joined(old, new, half, look) for old, new in zip_longest(olds, news)]
    return lines


class _Page:
    """All rows of a diff, painted, and the width of their line numbers."""

    def __init__(self, found: Sequence[Row], look: Look, names: bool) -> None:
        names = names or sum(row.kind == "file" for row in found) > 1
        above = [None, *found]
        self._rows = [row for row, before in zip(found, above, strict=False) if _is_shown(row, before, names)]
        self._look = look
        self._path = next((row.text for row in found if row.kind == "file"), "")
        self._digits = len(str(max((number for row in found for number in (row.old, row.new) if number), default=0)))
        self._compared = 0

    def painted(self) -> Iterator[Painted]:
        """Every row with its runs, hunk by hunk: each side of a hunk is highlighted as one text."""
        hunk: list[Row] = []
        for row in self._rows:
            if row.kind in ("file", "hunk"):
                yield from self._hunk(hunk)
                hunk = []
                if row.kind == "file":
                    self._path = row.text
            hunk.append(row)
        yield from self._hunk(hunk)

    def lines(self, painted: Painted, width: int, margin: Margin, side: str = "") -> list[Line]:
        """The lines of a row. `side`: the numbers of which file are shown, the one that has the line if ""."""
        row, runs = painted
        palette, sign = self._look.palette, symbols.of(self._look)
        if row.kind in ("file", "hunk", "note"):
            return flow(
                runs, width, margin.nested((" " * (self._digits + 3 if row.kind == "hunk" else 0), palette.muted))
            )
        style = {"context": palette.muted, "added": palette.added, "removed": palette.removed}[row.kind]
        number = row.old if side == "old" or row.new is None else row.new
        mark = {"context": " ", "added": "+", "removed": sign.minus}[row.kind]
        before = (f"{number or '':>{self._digits}} {mark} ", style)
        fill = style if row.kind != "context" else None
        return flow(runs, width, margin.nested(before), fill)

    def _hunk(self, hunk: Sequence[Row]) -> Iterator[Painted]:
        old = iter(self._side(hunk, "added"))
        new = iter(self._side(hunk, "removed"))
        spans = self._changed_words(hunk)
        for index, row in enumerate(hunk):
            match row.kind:
                case "context":
                    next(old)
                    yield row, next(new)
                case "removed" | "added":
                    runs = next(old if row.kind == "removed" else new)
                    yield row, _changed(runs, row, spans.get(index, []), self._look.palette)
                case "hunk":
                    yield row, [(f"{symbols.of(self._look).ellipsis} {row.text}", self._look.palette.muted)]
                case "file":
                    yield row, [(row.text, self._look.palette.heading)]
                case _:
                    yield row, [(row.text, self._look.palette.muted)]

    def _side(self, hunk: Sequence[Row], other: Kind) -> Sequence[Runs]:
        lines = [row.text for row in hunk if row.kind in ("context", "removed", "added") and row.kind != other]
        return code("\n".join(lines), self._path, self._look) if lines else ()

    def _changed_words(self, hunk: Sequence[Row]) -> dict[int, list[Span]]:
        """By a row's index: what differs from its partner, the nth removed line being that of the nth added one."""
        spans: dict[int, list[Span]] = {}
        removed: list[int] = []
        for kind, group in groupby(enumerate(hunk), lambda pair: pair[1].kind):
            indexes = [index for index, _ in group]
            if kind == "added":
                for before, after in zip(removed, indexes, strict=False):
                    self._compared += 1
                    if self._compared <= MOST_PAIRS:
                        spans[before], spans[after] = changes(hunk[before].text, hunk[after].text)
            if kind != "note":  # "No newline at end of file" may stand between the two
                removed = indexes if kind == "removed" else []
        return spans


def _is_shown(row: Row, before: Row | None, names: bool) -> bool:
    """A hunk's head parts it from the hunk above, or says which function it is in."""
    if row.kind == "hunk":
        return bool(row.text) or (before is not None and before.kind != "file")
    return row.kind != "file" or names


def _changed(runs: Runs, row: Row, spans: Sequence[Span], palette: Palette) -> Runs:
    """The runs of an added or removed line on its background, with its changed words and the blanks at its end."""
    added = row.kind == "added"
    style, words = (palette.added, palette.added_words) if added else (palette.removed, palette.removed_words)
    if style.bgcolor is None:
        runs = [(row.text, style)]  # colour alone tells added from removed: it is not for syntax then
    else:
        ground = Style.from_color(None, style.bgcolor)
        runs = [(text, look + ground) for text, look in runs]
    for start, end in spans:
        runs = _over(runs, start, end, words)
    end = len(row.text.rstrip(" "))
    if added and end < len(row.text):
        runs = _over(
            runs, end, len(row.text), palette.removed_words + Style(reverse=palette.removed_words.bgcolor is None)
        )
    return runs


def _over(runs: Runs, start: int, end: int, style: Style) -> list[Run]:
    inner = [(text, before + style) for text, before in between(runs, start, end)]
    return [*between(runs, 0, start), *inner, *between(runs, end, sum(len(run[0]) for run in runs))]


def _pairs(painted: Iterable[Painted]) -> Iterator[tuple[Painted | None, Painted | None]]:
    removed: list[Painted] = []
    added: list[Painted] = []
    for item in painted:
        match item[0].kind:
            case "removed":
                removed.append(item)
            case "added":
                added.append(item)
            case kind:
                yield from zip_longest(removed, added)
                removed, added = [], []
                yield item, item if kind == "context" else None
    yield from zip_longest(removed, added)


def _joined(old: Line | None, new: Line | None, half: int, look: Look) -> Line:
    left = old.strip if old else Strip([], 0)
    fence = f" {symbols.of(look).vertical} "
    painted = f"{LRM}{fence}{LRM}" if old and has_right_to_left(old.text) else fence
    gap = Segment(" " * (half - left.cell_length), look.palette.muted)
    segments = [*left, gap, Segment(painted, look.palette.muted), *(new.strip if new else ())]
    gutter = old.gutter if old else 0
    text = left.text + gap.text + fence + (new.strip.text if new else "")
    return Line(Strip(segments, half + 3 + (new.strip.cell_length if new else 0)), text[gutter:], gutter)
