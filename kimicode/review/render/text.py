"""A review as a person reads it in a terminal: each fault with its code, in the manner of a compiler."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from kimicode.review.change import Side
from kimicode.review.findings import Finding, Review, Severity
from kimicode.review.render import words
from kimicode.review.render.highlight import highlighted
from kimicode.review.shown import plain
from kimicode.review.texts import Read, Texts

AROUND = 2
"""Lines of code shown before and after those that are meant."""
MOST_FLAGGED, MOST_EVIDENCE, MOST_UNREAD = 12, 6, 3
NARROWEST, WIDEST = 40, 200
_TAB = 4

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _BLUE = "1", "2", "31", "32", "33", "34"
_COLORS = {Severity.CRITICAL: "1;31", Severity.HIGH: "1;31", Severity.MEDIUM: "1;33", Severity.LOW: "1;34"}
_SIDES: dict[Side, str] = {"new": "", "old": " (before the change)"}

Paint = Callable[[str, str], str]


def lines(review: Review, read: Read, width: int, color: bool) -> list[str]:
    """The findings, numbered, the worst first, and a line that says what was reviewed. Blocks where `read` does.

    `width` is in cells, from 40 to 200. Nothing of a file or a model can move the cursor.
    """
    width = min(max(width, NARROWEST), WIDEST)
    page = _Page(Texts(read), width, color)
    blocks = [page.finding(number, finding) for number, finding in enumerate(review.findings, 1)]
    return [line for block in blocks for line in (*block, "")] + list(page.end(review))


class _Page:
    def __init__(self, texts: Texts, width: int, color: bool) -> None:
        self._texts = texts
        self._width = width
        self._color = color

    def finding(self, number: int, finding: Finding) -> list[str]:
        head = f"{number}. {finding.severity.label}"
        title = self._wrapped(f"{head}: {finding.claim or 'a finding without words'}", indent=len(f"{number}. "))
        shown = [self._paint(_BOLD, line) for line in title]
        shown[0] = self._paint(_COLORS[finding.severity], head) + self._paint(_BOLD, title[0][len(head) :])
        return [
            *shown,
            *self._place(finding),
            "",
            *self._code(finding),
            *self._wrapped(finding.scenario, indent=3, first="   "),
            *self._evidence(finding),
            *self._suggestion(finding),
        ]

    def end(self, review: Review) -> Iterator[str]:
        found, extent = review.findings, words.extent(review)
        cost = f" ({words.cost(review)})" if words.cost(review) else ""
        if not found or review.state == "failed":
            summary = words.sentence(f"{words.nothing_found(review)}{cost}")
        else:
            summary = f"{words.count(len(found), 'fault')} ({words.severities(found)}) in {extent}{cost}."
        yield from (self._paint(_BOLD, line) for line in self._wrapped(summary))
        dropped = ", ".join(f"{count} {reason}" for reason, count in review.dropped.items())
        for text in (
            f"Dropped: {dropped}." if dropped else "",
            *(_unread(review) if review.state != "failed" else ()),  # the notes say why it is nothing
            *(f"Note: {note}" for note in review.notes),
        ):
            yield from (self._paint(_DIM, line) for line in self._wrapped(text))

    def _place(self, finding: Finding) -> list[str]:
        """Path and line, never cut; the kind of fault behind it where there is room."""
        where = f"   {_line(finding.path)}:{finding.first}{_SIDES[finding.side]}"
        kind = f"  {finding.category}{f', {_line(finding.symbol)}' if finding.symbol else ''}"
        if cell_len(where) <= self._width:
            return [self._fit(where, kind)]
        return self._wrapped(where, indent=3, first="   ")

    def _code(self, finding: Finding) -> Iterator[str]:
        whole = self._texts.lines(finding.path, finding.side) or ()
        last = min(finding.last, finding.first + MOST_FLAGGED - 1, len(whole))
        if not whole or finding.first > last:
            return
        start, stop = max(1, finding.first - AROUND), min(len(whole), last + AROUND)
        while start < finding.first and not whole[start - 1].strip():
            start += 1
        while stop > last and not whole[stop - 1].strip():
            stop -= 1
        gutter = max(3, len(str(stop)))
        room = self._width - gutter - 6
        rows = highlighted(finding.path, [_cut(_expanded(line), room) for line in whole[start - 1 : stop]], self._color)
        for number, row in enumerate(rows, start):
            flagged = finding.first <= number <= last
            mark = self._paint(_COLORS[finding.severity], ">") if flagged else " "
            yield f" {mark} {self._paint(_BOLD if flagged else _DIM, f'{number:>{gutter}} |')} {row}".rstrip()
        if last < finding.last <= len(whole):
            yield f"   {' ' * gutter} | and {words.count(finding.last - last, 'more line')}"
        yield ""

    def _evidence(self, finding: Finding) -> Iterator[str]:
        """What a command printed keeps its lines; sentences are wrapped."""
        why, ran, printed = finding.evidence.partition("\n\n$ ")
        for line in self._wrapped(why, indent=8, first="   why: "):
            yield self._paint(_DIM, line)
        command, *output = printed.split("\n")
        if ran:
            yield self._paint(_DIM, self._fit(f"   ran: {_line(command)}"))
        for line in output[:MOST_EVIDENCE]:
            yield self._paint(_DIM, self._fit(f"        {_expanded(line)}").rstrip())

    def _suggestion(self, finding: Finding) -> Iterator[str]:
        suggestion = finding.suggestion
        if suggestion is None:
            return
        old = (self._texts.lines(finding.path, "new") or ())[suggestion.first - 1 : suggestion.last]
        new = suggestion.text.split("\n") if suggestion.text else []
        label = "   fix: "
        for mark, color, code in (("-", _RED, old), ("+", _GREEN, new)):
            for line in code:
                shown = self._fit(f"{mark} {_expanded(line)}", before=len(label)).rstrip()
                yield self._paint(_DIM, label) + self._paint(color, shown)
                label = " " * len(label)

    def _wrapped(self, text: str, *, indent: int = 0, first: str = "") -> list[str]:
        """Paragraphs in lines that fit; all but the very first line begin with `indent` spaces."""
        told: list[str] = []
        for paragraph in filter(str.strip, plain(text.replace("\r", "\n")).split("\n")):
            told += _filled(paragraph.split(), self._width, " " * indent if told else first, " " * indent)
        return told

    def _fit(self, text: str, extra: str = "", *, before: int = 0) -> str:
        """A line that fits behind `before` cells; `extra` is dim, and left out where there is no room."""
        if cell_len(text) + cell_len(extra) <= self._width - before:
            return text + self._paint(_DIM, extra)
        return _cut(text, self._width - before)

    def _paint(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._color and text else text


def _filled(parts: Sequence[str], width: int, first: str, other: str) -> Iterator[str]:
    """Words in lines of `width` cells; a word that is longer than a line is broken."""
    line, begun = first, False
    for part in parts:
        if begun and cell_len(line) + 1 + cell_len(part) > width:
            yield line
            line, begun = other, False
        line += f" {part}" if begun else part
        begun = True
        while cell_len(line) > width:
            head = _head(line, width)
            yield head
            line = other + line[len(head) :]
    if begun:
        yield line


def _head(line: str, width: int) -> str:
    """As many letters as fit."""
    end = min(len(line), width)
    while cell_len(line[:end]) > width:
        end -= 1
    return line[:end]


def _cut(line: str, width: int) -> str:
    return line if cell_len(line) <= width else f"{set_cell_size(line, width - 1).rstrip()}…"


def _line(text: str) -> str:
    return " ".join(plain(text).split())


def _expanded(line: str) -> str:
    return re.sub(r"[\n\r]", " ", plain(line.expandtabs(_TAB)))


def _unread(review: Review) -> Iterator[str]:
    """What was not read, by its reason, with the first few names."""
    paths: dict[str, list[str]] = {}
    for one in review.unread:
        paths.setdefault(one.why, []).append(_line(one.path))
    for why, named in Counter({why: len(named) for why, named in paths.items()}).most_common():
        names = paths[why][:MOST_UNREAD]
        more = f" and {named - len(names)} more" if named > len(names) else ""
        yield f"Not reviewed, {why}: {', '.join(names)}{more}"
