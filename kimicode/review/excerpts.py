"""What of a changed file is shown to a reviewer: the functions that the change touches, whole where they are not long.

A `Sheet` is the file with both sides in one: the new side's lines, and the removed ones where they stood.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kimicode.index.facts import Definition
from kimicode.review.change import ChangedFile, Line

WHOLE, WHOLE_VALUE, WHOLE_USED = 120, 30, 8
"""Lines of a function, of a value, and of anything else of the file that is used, that are shown all of them.

Of what is longer what lies around the changes is shown, or its head.
"""

AROUND, AROUND_UNKNOWN = 5, 12
"""Lines shown on both sides of a change outside of functions that are shown whole; more where no grammar tells them."""

LONGEST_RUN = 150
"""Added lines in a row that stay in one piece; a new file of thousands is cut between its functions."""

LARGEST = 200
"""Lines to which neighbouring places grow together."""

LONGEST_REMOVED = 60
"""Removed lines in a row that are shown."""

LONGEST_LINE = 1_000
"""Characters of a line that are looked at for names."""

MOST_HEAD, MOST_ABOVE = 4, 12
"""Lines of a definition's signature, and of decorators and comments right above it."""

MOST_IMPORTS, MOST_NAMED = 12, 12
DEEPEST = 60
"""Definitions in one another that are looked at from the inside."""

_WHOLE = {"function": WHOLE, "method": WHOLE, "variable": WHOLE_VALUE, "constant": WHOLE_VALUE}
_BLOCKS = frozenset({"class", "interface", "enum", "module", "function", "method"})
_ABOVE = re.compile(
    r"\s*(?:[@#*]|//|/\*|--|\[[\w(]|template\b"
    r"|(?:static|extern|inline|const|struct|unsigned|void|int|char|bool|long|\w+_t)\b[\w *&]*$)"
)
_IMPORT = re.compile(r"(?:from|import|use|using|require|#\s*include|(?:const|let|var)\b[^=]*=\s*require)\b")
_WORD = re.compile(r"[^\W\d]\w+")
_OPEN, _CLOSED = re.compile(r"[({]\s*$"), re.compile(r"[)}]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lines of both sides in their order. Where the file's text is not at hand they are those of the hunks alone."""

    lines: tuple[Line, ...]

    @classmethod
    def of(cls, file: ChangedFile, text: Sequence[str] | None) -> "Sheet":
        """`text` is the new side by lines; a text that the hunks do not fit, for it changed meanwhile, is not used."""
        last = max((hunk.new_start + hunk.new_count - 1 for hunk in file.hunks), default=0)
        if text is None or last > len(text):
            return cls(tuple(file.lines()))
        lines: list[Line] = []
        old = new = 1
        for hunk in file.hunks:
            begin = hunk.new_start if hunk.new_count else hunk.new_start + 1  # git counts the line before an empty side
            lines += _unchanged(text, old, new, begin)
            lines += hunk.lines
            new = begin + hunk.new_count
            old = (hunk.old_start if hunk.old_count else hunk.old_start + 1) + hunk.old_count
        lines += _unchanged(text, old, new, len(text) + 1)
        return cls(tuple(lines))

    def runs(self) -> Iterator[range]:
        """Changed lines in a row."""
        start = 0
        while start < len(self.lines):
            end = start
            while end < len(self.lines) and self.lines[end].kind != " ":
                end += 1
            if end > start:
                yield range(start, end)
            start = end + 1


def _unchanged(text: Sequence[str], old: int, new: int, end: int) -> Iterator[Line]:
    for number in range(new, end):
        yield Line(" ", old + number - new, number, text[number - 1])


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A place of a change: the changed lines that it stands for, and all lines shown for it, by their places.

    `touched` are the definitions of the new side that it changes. Every changed line is in exactly one excerpt.
    """

    changed: tuple[int, ...]
    shown: frozenset[int]
    touched: tuple[Definition, ...] = ()


class Outline:
    """The definitions of a sheet's new side by their places on it."""

    def __init__(self, sheet: Sheet, definitions: Iterable[Definition]) -> None:
        self.sheet = sheet
        self._places = [at for at, line in enumerate(sheet.lines) if line.new]
        self._numbers = [sheet.lines[at].new for at in self._places]
        spans = ((self._span(one), one) for one in definitions)
        self.spans = sorted(
            ((span, one) for span, one in spans if span), key=lambda each: (each[0].start, -len(each[0]))
        )

        self._starts = [span.start for span, _ in self.spans]
        self._holders = _holders([span for span, _ in self.spans])

    @cached_property
    def blocks(self) -> list[int]:
        """Where functions and classes begin."""
        return sorted({span.start for span, one in self.spans if one.kind in _BLOCKS})

    @cached_property
    def named(self) -> Mapping[str, Sequence[tuple[range, Definition]]]:
        """Definitions by their names."""
        found: defaultdict[str, list[tuple[range, Definition]]] = defaultdict(list)
        for span, one in self.spans:
            found[one.name].append((span, one))
        return found

    @cached_property
    def imports(self) -> Mapping[str, Sequence[int]]:
        """Lines that bring names in, by their words; of one up to a closing bracket those inside as well."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        inside = False
        for at in self._places:
            text = self.sheet.lines[at].text[:LONGEST_LINE]
            if inside or _IMPORT.match(text.strip()):
                inside = not _CLOSED.search(text) if inside else bool(_OPEN.search(text))
                for word in _WORD.findall(text):
                    found[word].append(at)
        return found

    def around(self, run: range) -> list[tuple[range, Definition]]:
        """What holds all of a run, the outermost first."""
        return [each for each in self._at(run.start) if run.stop <= each[0].stop]

    def crossing(self, run: range) -> list[tuple[range, Definition]]:
        """What begins or ends in a run."""
        begun = self.spans[bisect_left(self._starts, run.start) : bisect_left(self._starts, run.stop)]
        ended = [each for each in self._at(run.start) if each[0].start < run.start and each[0].stop <= run.stop]
        return [*ended, *begun]

    def touched(self, run: range) -> tuple[Definition, ...]:
        """The definitions that a run changes: what begins or ends in it, else the innermost around it."""
        crossing = [one for _, one in self.crossing(run)]
        return tuple(crossing or [one for _, one in self.around(run)[-1:]])

    def head(self, one: Definition) -> range:
        """The lines of its signature."""
        first = bisect_left(self._numbers, one.line)
        last = min(bisect_left(self._numbers, one.end_line), first + MOST_HEAD - 1, len(self._places) - 1)
        ends = (at for at in range(first, last) if self._text(at).rstrip().endswith((":", "{", ";", "=>")))
        return range(self._places[first], self._places[next(ends, last)] + 1) if first <= last else range(0)

    def _at(self, place: int) -> list[tuple[range, Definition]]:
        """What holds a place, the outermost first."""
        held = []
        index = bisect_right(self._starts, place) - 1
        for _ in range(DEEPEST):
            if index < 0:
                break
            if place < self.spans[index][0].stop:
                held.append(self.spans[index])
            index = self._holders[index]
        return held[::-1]

    def _span(self, one: Definition) -> range:
        """Where it stands, with the decorators and comments right above it."""
        first, last = bisect_left(self._numbers, one.line), bisect_left(self._numbers, one.end_line + 1)
        if first >= last:
            return range(0)
        begin = first
        while begin > max(0, first - MOST_ABOVE) and _ABOVE.match(self._text(begin - 1)):
            begin -= 1
        return range(self._places[begin], self._places[last - 1] + 1)

    def _text(self, index: int) -> str:
        return self.sheet.lines[self._places[index]].text[:LONGEST_LINE]


def _holders(spans: Sequence[range]) -> list[int]:
    """For each span the index of the one that it lies in, or -1; they come by their beginnings, the longest first."""
    found: list[int] = []
    around: list[int] = []
    for index, span in enumerate(spans):
        while around and spans[around[-1]].stop <= span.start:
            around.pop()
        found.append(around[-1] if around else -1)
        around.append(index)
    return found


def excerpts(outline: Outline) -> tuple[Excerpt, ...]:
    """What is shown for each place of the change. What overlaps is one place, up to a bound."""
    joined: list[tuple[range, list[range]]] = []  # what is shown in a row, and the changes in it
    for run in (part for whole in outline.sheet.runs() for part in _cut(outline, whole)):
        home = _home(outline, run)
        if joined:
            shown, runs = joined[-1]
            both = range(min(shown.start, home.start), max(shown.stop, home.stop))
            if home.start <= shown.stop and (len(both) <= LARGEST or both == shown):
                joined[-1] = (both, [*runs, run])
                continue
        joined.append((home, [run]))
    return tuple(_excerpt(outline, shown, runs) for shown, runs in joined)


def _cut(outline: Outline, run: range) -> Iterator[range]:
    """A run that is too long in pieces, between definitions where there are some; removed lines stay together."""
    lines = outline.sheet.lines
    starts, start = outline.blocks, run.start
    while len(rest := range(start, run.stop)) > LONGEST_RUN:
        kind = lines[start].kind
        same = next((at for at in rest if lines[at].kind != kind), run.stop)
        limit = start + LONGEST_RUN
        between = [at for at in starts[bisect_left(starts, start + 1) : bisect_left(starts, limit + 1)] if at < same]
        end = same if kind == "-" or same <= limit else max(between, default=limit)
        yield range(start, end)
        start = end
    if rest:
        yield rest


def _home(outline: Outline, run: range) -> range:
    """What is shown in a row for a run: the outermost function around it that is short enough, else what is near."""
    around = [(span, one) for span, one in outline.around(run) if one.kind in _WHOLE]
    whole = [span for span, one in around if len(span) <= _WHOLE[one.kind]]
    if whole:
        return whole[0]
    inner = around[-1][0] if around else range(len(outline.sheet.lines))
    width = AROUND if outline.spans else AROUND_UNKNOWN
    near = range(max(inner.start, run.start - width), min(inner.stop, run.stop + width))
    crossed = [span for span, one in outline.crossing(run) if len(span) <= _WHOLE.get(one.kind, 0)]
    return range(
        min([near.start, *(span.start for span in crossed)]), max([near.stop, *(span.stop for span in crossed)])
    )


def _excerpt(outline: Outline, shown: range, runs: Sequence[range]) -> Excerpt:
    touched = tuple(dict.fromkeys(one for run in runs for one in outline.touched(run)))
    changed = tuple(at for run in runs for at in run)
    return Excerpt(changed, _without_long_removals(outline.sheet, shown) | _support(outline, shown, runs), touched)


def _without_long_removals(sheet: Sheet, shown: range) -> frozenset[int]:
    kept: list[int] = []
    removed: list[int] = []
    for at in shown:
        if sheet.lines[at].kind == "-":
            removed.append(at)
        else:
            kept += [*_ends(removed), at]
            removed = []
    return frozenset([*kept, *_ends(removed)])


def _ends(removed: Sequence[int]) -> Sequence[int]:
    if len(removed) <= LONGEST_REMOVED:
        return removed
    return [*removed[: LONGEST_REMOVED * 2 // 3], *removed[-LONGEST_REMOVED // 3 :]]


def _support(outline: Outline, shown: range, runs: Sequence[range]) -> frozenset[int]:
    """Lines elsewhere in the file that tell what these mean: heads of what is around, imports, what is used."""
    words = {word for at in shown for word in _WORD.findall(outline.sheet.lines[at].text[:LONGEST_LINE])}
    around = {one: None for run in (shown, *runs) for _, one in outline.around(run)}
    owners = {"", *(one.name for one in around)}
    named = [each for word in words for each in outline.named.get(word, ()) if each[1].container in owners]
    outside = [each for each in named if each[0].stop <= shown.start or shown.stop <= each[0].start]
    outside.sort(key=lambda each: each[0].start)
    used = (span if len(span) <= WHOLE_USED else outline.head(one) for span, one in outside[:MOST_NAMED])
    imports = sorted({at for word in words for at in outline.imports.get(word, ()) if at not in shown})
    heads = (*map(outline.head, around), *used)
    return frozenset({at for head in heads for at in head}.union(imports[:MOST_IMPORTS])).difference(shown)
