"""Where a finding can be commented on: the lines of a diff that show what it means, or nowhere.

A forge takes comments on lines that its diff shows, and on nothing else; a comment at a wrong line is worse than none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kimicode.review.change import ChangedFile, Line, Side
from kimicode.review.findings import Finding

REACH = 30
"""Lines that a cited line is looked for around the place that was named: models miscount by a few."""
TELLING = 4
"""Characters without which a line, such as a bracket alone, cannot be told from others."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Lines `first` to `line` of `side`, all in one hunk; a single line where both are the same."""

    path: str
    old_path: str
    side: Side
    first: int
    line: int


def place(files: Sequence[ChangedFile], finding: Finding) -> Anchor | None:
    """Where this diff shows the flagged lines, or the part of them that changed; None where it does not.

    What the finding cites of them must stand there, or moved by at most REACH lines. Lines of the old side that are
    still there are placed on the new one. Where none of the lines is shown, a changed line near them that the finding
    cites takes their place.
    """
    file = named(files, finding.path, finding.side)
    if file is None:
        return None
    first, last = sorted((finding.first, finding.last))
    if _side(file, finding) == "old":
        return _shown(file, "old", first, last) or _on_new_side(file, first, last)
    shift = _shift(file, _cited(file, finding, first, last))
    if shift is None:
        return None
    return _shown(file, "new", first + shift, last + shift) or _nearby(file, finding, first, last)


def named(files: Sequence[ChangedFile], path: str, side: Side) -> ChangedFile | None:
    """The file that a name means: the one it has on that side before the one it has on the other."""
    other: Side = "old" if side == "new" else "new"
    return next((file for each in (side, other) for file in files if file.path_on(each) == path), None)


def _side(file: ChangedFile, finding: Finding) -> Side:
    """A file that is on one side alone leaves no choice."""
    one_sided: dict[str, Side] = {"added": "new", "deleted": "old"}
    return one_sided.get(file.status, finding.side)


def _shown(file: ChangedFile, side: Side, first: int, last: int) -> Anchor | None:
    """The lines whole where one hunk holds them; else those of the hunk with most changed ones; else the last shown.

    On the old side only lines that are gone count.
    """
    best: list[int] = []
    last_shown = 0
    for hunk in file.hunks:
        here = [line for line in hunk.lines if _counts(line, side) and first <= line.number(side) <= last]
        if len(here) == last - first + 1:
            return _anchor(file, side, first, last)
        changed = [line.number(side) for line in here if line.kind != " "]
        best = changed if len(changed) > len(best) else best
        last_shown = here[-1].number(side) if here else last_shown
    if best:
        return _anchor(file, side, best[0], best[-1])
    return _anchor(file, side, last_shown, last_shown) if last_shown else None


def _counts(line: Line, side: Side) -> bool:
    return line.kind in ("+ " if side == "new" else "-")


def _on_new_side(file: ChangedFile, first: int, last: int) -> Anchor | None:
    """Lines of the old side that did not change, by the numbers that they have now."""
    for hunk in file.hunks:
        still = [line.new for line in hunk.lines if line.kind == " " and first <= line.old <= last]
        if still:
            return _shown(file, "new", still[0], still[-1])
    return None


def _cited(file: ChangedFile, finding: Finding, first: int, last: int) -> dict[int, str]:
    """What the finding says stands on lines of the new side, by their numbers."""
    return {
        each.line: _plain(each.text)
        for each in finding.citations
        if each.path in (file.path, finding.path) and first <= each.line <= last
    }


def _shift(file: ChangedFile, cited: dict[int, str]) -> int | None:
    """By how many lines the cited ones stand elsewhere in this diff; 0 where it does not show them at all.

    None where it shows others in their place and they are not near.
    """
    texts = {line.new: _plain(line.text) for line in file.lines() if line.new}
    if all(texts.get(number, text) == text for number, text in cited.items()):
        return 0
    if not any(len(text) >= TELLING for text in cited.values()):
        return None
    shifts = (sign * distance for distance in range(1, REACH + 1) for sign in (1, -1))
    return next((s for s in shifts if all(texts.get(number + s) == text for number, text in cited.items())), None)


def _nearby(file: ChangedFile, finding: Finding, first: int, last: int) -> Anchor | None:
    cited = _cited(file, finding, first - REACH, last + REACH)
    changed = {line.new for line in file.lines() if line.kind == "+" and cited.get(line.new) == _plain(line.text)}
    if not changed:
        return None
    nearest = min(changed, key=lambda number: max(first - number, number - last))
    return _anchor(file, "new", nearest, nearest)


def _anchor(file: ChangedFile, side: Side, first: int, line: int) -> Anchor:
    return Anchor(file.path, file.old_path, side, first, line)


def _plain(text: str) -> str:
    return " ".join(text.split())
