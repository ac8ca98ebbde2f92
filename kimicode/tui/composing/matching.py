"""Fuzzy matching of names: letters in order, best where they begin words and in the last part of a path.

Every key narrows down what matched the keys before it, so tens of thousands of names keep up with typing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

_SCORED = 200
"""Names that are scored; where more match, cheaper signs decide which."""
_SEPARATORS = "/_-. "
_START, _HUMP, _ADJACENT, _LETTER = 8, 7, 6, 1


@dataclass(slots=True)
class Matcher:
    """Finds names by a few of their letters. `names` come in the order in which equals are shown."""

    names: Sequence[str]
    _lowered: list[str] = field(init=False)
    _known: frozenset[str] = field(init=False)
    _narrowed: list[tuple[str, list[tuple[int, int]]]] = field(init=False)
    """For every letter typed: the query up to it, and the names that match it, each with where its match ends."""

    def __post_init__(self) -> None:
        self._lowered = [name.lower() for name in self.names]
        self._known = frozenset(self.names)
        self._narrowed = [("", [(index, 0) for index in range(len(self.names))])]

    def find(self, query: str, limit: int, recent: Collection[str] = ()) -> list[str]:
        """The best names for a query, the best first; `recent` ones are preferred. All match an empty query."""
        lowered = query.lower()
        places = [index for index, _ in self._matching(lowered)]
        if not lowered:
            known = [name for name in recent if name in self._known]
            return list(dict.fromkeys([*known, *self.names[:limit]]))[:limit]
        chosen = self._promising(places, lowered, recent)
        ranked = sorted(chosen, key=lambda index: (-self._worth(index, query, lowered, recent), index))
        return [self.names[index] for index in ranked[:limit]]

    def _matching(self, lowered: str) -> list[tuple[int, int]]:
        while not lowered.startswith(self._narrowed[-1][0]):
            self._narrowed.pop()
        known, found = self._narrowed[-1]
        names = self._lowered
        for end in range(len(known), len(lowered)):
            letter = lowered[end]
            found = [(index, at + 1) for index, start in found if (at := names[index].find(letter, start)) >= 0]
            self._narrowed.append((lowered[: end + 1], found))
        return found

    def _promising(self, places: list[int], lowered: str, recent: Collection[str]) -> list[int]:
        """At most so many places as can be scored in time: names that hold the query as it is go before others."""
        if len(places) <= _SCORED:
            return places
        names = self._lowered
        starts = "/" + lowered
        chosen = dict.fromkeys(index for index in places if recent and self.names[index] in recent)
        chosen.update(dict.fromkeys([index for index in places if starts in names[index]][:_SCORED]))
        if len(chosen) < _SCORED:
            chosen.update(dict.fromkeys([index for index in places if lowered in names[index]][:_SCORED]))
        if len(chosen) < _SCORED:
            chosen.update(dict.fromkeys(places[:_SCORED]))
        return list(chosen)[: 2 * _SCORED]

    def _worth(self, index: int, query: str, lowered: str, recent: Collection[str]) -> float:
        name = self.names[index]
        return score(name, query, lowered) + (10 if name in recent else 0)


def score(name: str, query: str, lowered: str) -> float:
    """How well a name that has the query's letters in order matches it; `lowered` is the query in lower case."""
    small = name.lower()
    if len(small) != len(name):  # letters that become two in lower case: places would be off
        name = small
    base = small.rstrip("/").rfind("/") + 1
    best = max(_value(name, base, places) for places in _alignments(small, lowered, base))
    exact = 3 if query in name else 0
    return best + exact - len(name) / 64


def _alignments(small: str, lowered: str, base: int) -> list[list[int]]:
    """Ways to lay the query over the name: as one piece, from the right, and word start by word start."""
    ways = [_from_right(small, lowered)]
    for at in (small.find(lowered, base), small.rfind(lowered)):
        if at >= 0:
            ways.append(list(range(at, at + len(lowered))))
    if initials := _by_words(small, lowered, base):
        ways.append(initials)
    return ways


def _from_right(small: str, lowered: str) -> list[int]:
    places = []
    end = len(small)
    for letter in reversed(lowered):
        end = small.rfind(letter, 0, end)
        places.append(end)
    return places[::-1]


def _by_words(small: str, lowered: str, base: int) -> list[int]:
    """Each letter at the next start of a word from `base` on, or right after the letter before it."""
    places: list[int] = []
    at = base
    for letter in lowered:
        if places and small.startswith(letter, at):
            places.append(at)
        else:
            while at >= 0 and not (small.startswith(letter, at) and (at == base or small[at - 1] in _SEPARATORS)):
                at = small.find(letter, at + 1)
            if at < 0:
                return []
            places.append(at)
        at += 1
    return places


def _value(name: str, base: int, places: list[int]) -> float:
    worth = 0.0
    before = -2
    for at in places:
        if at == before + 1:
            worth += _ADJACENT
        elif at == 0 or name[at - 1] in _SEPARATORS:
            worth += _START
        elif name[at].isupper() and name[at - 1].islower():
            worth += _HUMP
        else:
            worth += _LETTER
        before = at
    if places[0] >= base:
        worth += 6 + (6 if places[0] == base else 0)
    return worth
