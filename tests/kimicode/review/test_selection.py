"""What is told: what the change brought, what was verified, what matters; and of that the worst at its line."""

import dataclasses

import pytest

from kimicode.review.change import Change, ChangedFile, Hunk, Line
from kimicode.review.findings import Citation, Finding, Severity
from kimicode.review.selection import Thresholds, inline, select

HUNK = Hunk(
    10,
    4,
    10,
    4,
    "def open(self):",
    (
        Line(" ", 10, 10, "    a = 1"),
        Line("-", 11, 0, "    check(a)"),
        Line(" ", 12, 11, "    use(a)"),
        Line(" ", 13, 12, "    b = 2"),
        Line("+", 0, 13, "    c = 3"),
    ),
)
FILE = ChangedFile("a.py", "a.py", "modified", "100644", "100644", False, (HUNK,))
NEW = ChangedFile("new.py", "new.py", "added", "", "100644", False, ())
CHANGE = Change("a" * 40, "b" * 40, (FILE, NEW))
FINDING = Finding(
    "a.py", "new", 13, 13, "Store.f", "correctness", Severity.HIGH, 0.9, "`c` is lost", "so", proof="read", finder="x"
)


def why(**changes):
    selected = select([dataclasses.replace(FINDING, **changes)], CHANGE, Thresholds(), dismissed={"d" * 16})
    return next(iter(selected.dropped), "")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"side": "old", "first": 11, "last": 11},
        {"first": 10, "last": 10},
        {"first": 11, "last": 11},
        {"first": 90, "last": 90, "symbol": "Store.open"},
        {"first": 90, "last": 90, "citations": (Citation("a.py", 13, "c = 3"),)},
        {"path": "caller.py", "citations": (Citation("a.py", 13, "c = 3"),)},
        {"path": "new.py", "first": 500, "last": 500},
    ],
)
def test_what_the_change_can_have_brought_is_kept(changes):
    assert why(**changes) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"first": 12, "last": 12},
        {"first": 90, "last": 90},
        {"side": "old", "first": 13, "last": 13},
        {"path": "other.py"},
        {"path": "other.py", "citations": (Citation("a.py", 12, "b = 2"), Citation("third.py", 13, ""))},
        {"first": 90, "last": 90, "symbol": "Store.opening"},
    ],
)
def test_what_was_there_before_is_not(changes):
    assert why(**changes) == "pre-existing"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fingerprint": "d" * 16}, "dismissed earlier"),
        ({"proof": ""}, "unverified"),
        ({"claim": "Missing docstring"}, "documentation"),
        ({"claim": "Unused import `os`"}, "style"),
        ({"claim": "Consider adding a check"}, "speculative"),
        ({"severity": Severity.LOW}, "low severity"),
        ({"confidence": 0.59}, "low confidence"),
    ],
)
def test_the_reason_is_counted(changes, reason):
    assert why(**changes) == reason


def test_reasons_are_counted_over_all_and_the_worst_comes_first():
    low, sure = dataclasses.replace(FINDING, severity=Severity.LOW), dataclasses.replace(FINDING, confidence=1.0)
    worst = dataclasses.replace(FINDING, severity=Severity.CRITICAL, confidence=0.6)
    selected = select([low, FINDING, low, sure, worst], CHANGE, Thresholds())
    assert selected.kept == (worst, sure, FINDING)
    assert selected.dropped == {"low severity": 2}


def test_thresholds_are_the_callers():
    low = dataclasses.replace(FINDING, severity=Severity.LOW, confidence=0.1)
    assert select([low], CHANGE, Thresholds(Severity.LOW, 0.1)).kept == (low,)


@pytest.mark.parametrize(("most", "count"), [(0, 0), (-1, 0), (1, 1), (2, 2), (9, 3)])
def test_never_more_comments_than_asked_for(most, count):
    found = [dataclasses.replace(FINDING, severity=severity) for severity in (2, 4, 3)]
    shown, rest = inline(found, most)
    assert len(shown) == count
    assert [finding.severity for finding in (*shown, *rest)] == [4, 3, 2]
