"""Rates, intervals and the table of a run over the review set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.benchmarks.review_attempt import Attempt
from kimicode.benchmarks.review_figures import figures, groups, interval, table
from kimicode.benchmarks.review_match import Marked
from kimicode.benchmarks.review_set import load
from kimicode.messages import Usage

CASES = {case.name: case for case in load()}
BUG, OTHER, QUIET, NOISY = (
    CASES[name] for name in ("retry-jitter", "cachetools-touch", "fresh-token-split", "h11-host-first")
)


def tried(case, *marks, state="complete", price=None):
    findings = tuple(Marked(mark, "a.py", 1, 1, "correctness", "high", 0.9, "claim", "when", "") for mark in marks)
    return case, Attempt(case.name, state, findings, {}, "m", Usage(1000, 0, 50, price), 4.0)


RUN = [tried(BUG, "hit", "repeat", "false"), tried(OTHER), tried(QUIET), tried(NOISY, "false", "false")]


def test_a_repeated_finding_is_a_comment_but_neither_right_nor_false():
    all_of_it = figures(RUN)
    assert (all_of_it.found, all_of_it.false, all_of_it.repeated, all_of_it.bugs) == (1, 3, 1, 2)
    assert all_of_it.recall == 0.5
    assert all_of_it.precision == 0.25
    assert all_of_it.f1 == pytest.approx(2 * 0.5 * 0.25 / 0.75)
    assert all_of_it.comments == 1.25
    assert all_of_it.noise == 0.5


def test_rates_of_nothing_are_unknown_and_not_zero():
    assert figures([tried(QUIET)]).precision is None
    assert figures([tried(QUIET)]).recall is None
    assert figures([tried(BUG)]).noise is None
    assert figures([]).comments is None


def test_halves_languages_and_kinds_have_figures_of_their_own():
    found = groups(RUN)
    assert set(found) == {"all", *(case.half for case, _ in RUN), "python", "javascript", "correctness"}
    assert found["javascript"].recall == 1.0
    assert found["python"].recall == 0.0


def test_the_table_shows_rates_with_intervals_and_what_it_cost():
    text = table([*RUN[:3], tried(NOISY, state="partial", price=0.5)])
    assert "| all | 4 | 1 of 2 | 50 % (9-91) | 50 % (9-91) | 0.50 | 0.75 | 0 % (0-66) |" in text
    assert "1,000 tokens in, 50 out, 4 s and 0.1250 dollars on average; 1 of 4 reviews are not complete." in text


def test_a_price_that_nobody_knows_is_not_free():
    assert "an unknown price" in table(RUN)
    assert table([]).endswith("nothing was reviewed")


@given(st.integers(0, 200), st.integers(0, 200))
def test_an_interval_holds_its_share_and_stays_a_share(one, other):
    low, high = interval(min(one, other), max(one, other))
    assert 0 <= low <= high <= 1
    if max(one, other):
        assert low - 1e-9 <= min(one, other) / max(one, other) <= high + 1e-9


def test_an_interval_is_wilsons():
    assert interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
