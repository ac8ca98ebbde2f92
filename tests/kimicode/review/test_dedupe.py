"""Two agents that found one fault tell of it once; two faults stay two."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review.dedupe import merged
from kimicode.review.findings import Citation, Finding, Severity

FINDING = Finding(
    "a.py", "new", 10, 10, "Cart.read_all", "correctness", Severity.HIGH, 0.8, "", "", finder="correctness"
)


def of(claim, **changes):
    return dataclasses.replace(FINDING, claim=claim, **changes)


SAME = [
    ("`average` divides by zero when the cart is empty", "Empty cart makes `average` raise ZeroDivisionError"),
    ("The loop in `read_all` skips the last row", "`read_all` never returns the last row: the range ends too early"),
    ("`close` is called twice when `open` fails", "If `open` fails, `close` runs twice"),
    ("SQL injection: `name` is put into the query unescaped", "User-supplied `name` is concatenated into SQL query"),
    ("`_cache` is written without holding `_lock`", "Race: `_cache` is mutated outside `_lock`"),
    ("`json.loads` may raise ValueError that nobody catches", "ValueError from `json.loads` escapes"),
    ("Timeout is given in seconds but `wait` takes milliseconds", "`wait` expects milliseconds; it gets seconds"),
    ("The token is compared with `==`, which leaks its bytes by timing", "Timing attack: token compared using `==`"),
]
DIFFERENT = [
    ("`average` divides by zero when the cart is empty", "`average` ignores the discount of `cart`"),
    ("The loop skips the last row", "The file handle leaks when a row is malformed"),
    ("`_cache` is written without holding `_lock`", "`_cache` grows without bound: entries are never evicted"),
    ("`timeout` is in seconds but `wait` takes milliseconds", "`timeout` of 0 is treated as no timeout"),
    ("`close` is called twice when `open` fails", "`close` swallows the error of `flush`"),
    ("The token is compared with `==`, so timing leaks it", "The token never expires: `expires_at` is a string"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_fault_in_two_wordings_is_one(one, other):
    assert len(merged([of(one), of(other, first=9, last=11, finder="all")])) == 1


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_faults_near_each_other_stay_two(one, other):
    assert len(merged([of(one), of(other, first=12, last=12)])) == 2


@pytest.mark.parametrize(
    ("changed", "left"),
    [
        ({"path": "b.py"}, 2),
        ({"first": 13, "last": 13}, 1),
        ({"first": 90, "last": 90}, 1),
        ({"first": 90, "last": 90, "symbol": "Cart.write"}, 2),
        ({"side": "old", "symbol": ""}, 2),
        ({"category": "api"}, 1),
    ],
)
def test_the_same_claim_counts_at_the_same_place(changed, left):
    claim = "`rows[-1]` is lost when the file has no newline at its end"
    assert len(merged([of(claim), of(claim, **changed)])) == left


def test_one_fingerprint_is_one_fault_whatever_is_said():
    one, other = of("Off by one", fingerprint="f" * 16), of("The final element is never seen", fingerprint="f" * 16)
    assert len(merged([one, other])) == 1


def test_the_survivor_matters_most_and_keeps_what_all_cite():
    weak = of("`x` is None", severity=Severity.MEDIUM, citations=(Citation("a.py", 1, "x"), Citation("b.py", 2, "y")))
    strong = of("`x` is None here", citations=(Citation("a.py", 1, "x"),), finder="api")
    (survivor,) = merged([weak, strong])
    assert survivor.claim == strong.claim
    assert survivor.citations == (Citation("a.py", 1, "x"), Citation("b.py", 2, "y"))
    assert survivor.finder == "api, correctness"


FINDINGS = st.builds(
    of,
    st.sampled_from([claim for pair in (*SAME, *DIFFERENT) for claim in pair]),
    path=st.sampled_from(["a.py", "b.py"]),
    side=st.sampled_from(["new", "old"]),
    first=st.integers(1, 8),
    last=st.integers(8, 12),
    symbol=st.sampled_from(["", "f", "Cart.g"]),
    category=st.sampled_from(["correctness", "api"]),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from([0.5, 0.9]),
    citations=st.lists(st.builds(Citation, st.sampled_from("ab"), st.integers(1, 3), st.just("x")), max_size=3).map(
        tuple
    ),
    finder=st.sampled_from(["x", "y", "x, y"]),
    fingerprint=st.sampled_from(["", "1" * 16, "2" * 16]),
)


@given(st.lists(FINDINGS, max_size=8).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_arrival_does_not_matter(orders):
    first, second = orders
    assert merged(first) == merged(second)


@given(st.lists(FINDINGS, max_size=8))
def test_merging_twice_is_merging_once(found):
    assert merged(merged(found)) == merged(found)
