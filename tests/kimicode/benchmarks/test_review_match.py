"""What counts as finding a bug: the place and the kind, and each bug once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.benchmarks.review_match import NEAR, fits, marked
from kimicode.benchmarks.review_set import load
from kimicode.review import diff
from kimicode.review.findings import Finding, Severity

(CASE,) = load(["janus-put-closing"])
PUT, HAS_ROOM = CASE.places
(HARMLESS,) = load(["janus-wait-predicate"])
(TESTS,) = load(["dotenv-test-roundtrip"])
FAR = 600
"""A line outside of every function that the change touches."""


def finding(first, last=None, *, path=PUT.path, side="new", category="concurrency"):
    return Finding(path, side, first, last or first, "", category, Severity.HIGH, 0.8, f"line {first}", "when")


def marks(case, *findings):
    return [one.mark for one in marked(case, findings)]


@pytest.mark.parametrize("category", ["concurrency", "api", "security", "tests"])
def test_a_finding_at_the_lines_hits_whatever_it_is_called(category):
    assert marks(CASE, finding(PUT.first, category=category)) == ["hit"]


@given(st.integers(1, 700), st.integers(0, 12))
def test_nearness_is_counted_between_the_nearest_lines(first, length):
    gap = max(PUT.first - (first + length), first - PUT.last, 0)
    hit = marks(CASE, finding(first, first + length, category="tests")) == ["hit"]
    other = max(HAS_ROOM.first - (first + length), first - HAS_ROOM.last, 0)
    assert hit is (min(gap, other) <= NEAR)


def test_the_same_function_counts_where_the_kind_fits():
    assert marks(CASE, finding(PUT.span[0], category="concurrency")) == ["hit"]
    assert marks(CASE, finding(PUT.span[0], category="correctness")) == ["hit"]
    assert marks(CASE, finding(PUT.span[0], category="security")) == ["false"]


def test_another_place_or_file_is_false():
    assert marks(CASE, finding(FAR)) == ["false"]
    assert marks(CASE, finding(PUT.first, path="setup.py")) == ["false"]


def test_each_place_of_a_bug_will_do_and_the_second_finding_repeats_the_first():
    found = [finding(FAR), finding(HAS_ROOM.first), finding(PUT.first), finding(FAR)]
    assert marks(CASE, *found) == ["false", "hit", "repeat", "false"]


def test_a_removed_line_counts_in_the_hunk_of_the_bug():
    (file,) = diff.parse(CASE.change.encode())
    (hunk,) = (hunk for hunk in file.hunks if hunk.holds("new", PUT.first))
    assert marks(CASE, finding(hunk.old_start, side="old")) == ["hit"]
    assert marks(CASE, finding(hunk.old_start - 1, side="old")) == ["false"]


def test_whatever_is_said_of_a_harmless_change_is_false():
    assert marks(HARMLESS, finding(375), finding(380)) == ["false", "false"]


@pytest.mark.parametrize(
    ("found", "true", "fitting"),
    [
        ("security", "security", True),
        ("correctness", "concurrency", True),
        ("api", "correctness", True),
        ("api", "security", False),
        ("tests", "correctness", False),
        ("correctness", "tests", False),
        ("tests", "tests", True),
    ],
)
def test_a_bug_may_be_called_plainly_wrong_but_a_test_that_cannot_fail_is_its_own_kind(found, true, fitting):
    assert fits(found, true) is fitting


def test_what_was_said_is_kept_for_people_who_look_at_the_results():
    (one,) = marked(TESTS, [finding(19, path="tests/test_round_trip.py", category="tests")])
    assert (one.path, one.first, one.severity, one.confidence, one.claim) == (
        "tests/test_round_trip.py",
        19,
        "high",
        0.8,
        "line 19",
    )
