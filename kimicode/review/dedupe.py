"""Findings of several agents that say the same become one, whatever their order."""

import dataclasses
import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from kimicode.review.findings import Citation, Finding

MOST_CITATIONS = 10
NEAR = 3
"""Lines between two places that still count as one."""

_SAME_PLACE, _NEAR_PLACE, _SAME_SYMBOL = 0.25, 0.45, 0.55
"""How alike two claims must be, from 0 to 1: less where they point at the same lines about the same kind of fault."""

_IDENTIFIER, _WORD = 2.0, 1.0
_TOKEN = re.compile(r"[^\W_]\w*|_\w+")
_NAME = re.compile(r"_|\d|[a-z][A-Z]|^[A-Z]{2,}$")
_QUOTED = re.compile(r"`([^`\n]+)`")
_ENDINGS = re.compile(r"(?:ing|edly|ed|es|s|e|ly)$")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been but by can does for from has have if in into is it its may must no not of on or so "
        "that the their then there this to was when where which while will with would",
    )
)
_PROOF = {"ran": 2, "read": 1, "": 0}


class _Told:
    """A finding with what its claim is about: tokens with their weights."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding

    @cached_property
    def tokens(self) -> dict[str, float]:
        claim = self.finding.claim
        # What stands around both says nothing about what is wrong.
        around = {word.lower() for word in _TOKEN.findall(self.finding.symbol)}
        quoted = {word.lower() for code in _QUOTED.findall(claim) for word in _TOKEN.findall(code)}
        tokens: dict[str, float] = {}
        for word in _TOKEN.findall(claim):
            small = word.lower()
            if small in around:
                continue
            if small in quoted or _NAME.search(word):
                tokens[small] = _IDENTIFIER
            elif small not in _STOP:
                tokens.setdefault(_stem(small), _WORD)
        return tokens


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each fault, by path and line. Merging what is merged changes nothing.

    The survivor is the one that matters most and is surest; it keeps the citations and the finders of all.
    """
    told = [_Told(one) for one in sorted(findings, key=_rank)]
    groups: list[list[_Told]] = []
    for one in told:
        same = [group for group in groups if any(_same(one, other) for other in group)]
        groups = [group for group in groups if group not in same]
        groups.append([*(member for group in same for member in group), one])
    survivors = (_united([one.finding for one in group]) for group in groups)
    return tuple(sorted(survivors, key=lambda one: (one.path, one.side, one.first, one.last, _rank(one))))


def _same(one: _Told, other: _Told) -> bool:
    a, b = one.finding, other.finding
    if a.fingerprint and a.fingerprint == b.fingerprint:
        return True
    if a.path != b.path:
        return False
    needed = _needed(a, b)
    return needed <= 1 and _alike(one.tokens, other.tokens) >= needed


def _needed(a: Finding, b: Finding) -> float:
    """How alike the claims must be at these two places; 2 where they cannot be the same fault."""
    apart = max(a.first, b.first) - min(a.last, b.last)
    if a.side == b.side and apart <= 0 and a.category == b.category:
        return _SAME_PLACE
    if a.side == b.side and apart <= NEAR:
        return _NEAR_PLACE
    return _SAME_SYMBOL if a.symbol and a.symbol == b.symbol else 2.0


def _alike(one: dict[str, float], other: dict[str, float]) -> float:
    """Dice's coefficient of two sets of weighted tokens, from 0 to 1."""
    whole = sum(one.values()) + sum(other.values())
    shared = sum(one[token] + other[token] for token in one.keys() & other.keys())
    return shared / whole if whole else 1.0


def _stem(word: str) -> str:
    short = _ENDINGS.sub("", word)
    return short if len(short) >= 3 else word


def _united(group: Sequence[Finding]) -> Finding:
    best, *_ = ranked = sorted(group, key=_rank)
    seen: dict[tuple[str, int], Citation] = {}
    for citation in (citation for one in ranked for citation in one.citations):
        seen.setdefault((citation.path, citation.line), citation)
    finders = sorted({name for one in ranked for name in one.finder.split(", ") if name})
    return dataclasses.replace(best, citations=tuple(seen.values())[:MOST_CITATIONS], finder=", ".join(finders))


def _rank(finding: Finding) -> tuple[object, ...]:
    """The best first; a total order, so that the order of arrival never decides."""
    weight = finding.severity * finding.confidence
    place = (finding.path, finding.first, finding.last)
    return (-weight, -finding.severity, -_PROOF[finding.proof], place, repr(finding))
