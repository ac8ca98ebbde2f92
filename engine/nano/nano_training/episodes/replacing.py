"""From a text to another one by `strreplace`: few whole lines, without the leading indentation, that fit one place."""

from collections.abc import Sequence
from dataclasses import dataclass

from kimicode.workspace.match import find
from nano_training.episodes.episode import UnplayableError


@dataclass(frozen=True, slots=True)
class Replacement:
    """The arguments of a call that fits; `alone` is the quote before neighbours were added to make it unique."""

    old: str
    new: str
    alone: str


def replacements(current: str, between: str, target: str) -> list[Replacement]:
    """One call where what was changed `between` before changes again, else two: one takes back, one goes on.

    Raises UnplayableError where nothing changes.
    """
    widest = max(_span(current, between), _span(between, target))
    if between in (current, target) or _span(current, target) <= widest:
        return [replacement(current, target)]
    return [replacement(current, between), replacement(between, target)]


def replacement(current: str, target: str) -> Replacement:
    """The call that turns `current` into `target`. Raises UnplayableError where there is none."""
    before, after = current.split("\n"), target.split("\n")
    first, left = _same(before, after)
    if first == len(before) == len(after):
        raise UnplayableError("nothing changes")
    stop, end = len(before) - left, len(after) - left
    if first in (stop, end):  # a quote needs words, and an empty answer would leave an empty line
        first, stop, end = _with_neighbour(before, first, stop, end)
    alone = ""
    while True:
        old, new = _bare(before[first:stop], after[first:end])
        alone = alone or old
        if len(find(current, old, new)) == 1 and old.strip():
            return Replacement(old, new, alone)
        if first == 0 and stop == len(before):
            raise UnplayableError("no quote fits one place")
        if first > 0 and (before[first - 1].strip() or stop == len(before)):
            first -= 1
        elif stop < len(before):
            stop, end = stop + 1, end + 1
        else:
            first -= 1


def _same(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many lines are the same at the beginning, and how many of the rest at the end."""
    most = min(len(before), len(after))
    first = next((i for i in range(most) if before[i] != after[i]), most)
    left = next((i for i in range(most - first) if before[-1 - i] != after[-1 - i]), most - first)
    return first, left


def _span(current: str, target: str) -> int:
    before, after = current.split("\n"), target.split("\n")
    first, left = _same(before, after)
    return max(len(before), len(after)) - left - first


def _with_neighbour(before: Sequence[str], first: int, stop: int, end: int) -> tuple[int, int, int]:
    """One line more, the one above where it is not blank."""
    if first > 0 and (before[first - 1].strip() or stop == len(before)):
        return first - 1, stop, end
    return first, stop + 1, end + 1


def _bare(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """Both without the indentation of the first line, where it is the same: nothing is lost, and less to write."""
    indent = old[0][: len(old[0]) - len(old[0].lstrip())]
    same = new[0].startswith(indent) and new[0][len(indent) : len(indent) + 1] not in ("", " ", "\t")
    cut = len(indent) if same and old[0].strip() else 0
    return "\n".join(old)[cut:], "\n".join(new)[cut:]
