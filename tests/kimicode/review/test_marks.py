"""Hidden marks: ours are known again, nobody else's are taken for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review import marks
from kimicode.review.marks import Reviewed

HEAD = "0123456789abcdef0123456789abcdef01234567"
PRINT = "0123456789abcdef"


def test_a_comment_carries_its_fingerprint():
    body = f"{marks.of_finding(PRINT)}\n**High**: the lock is never released"
    assert marks.fingerprint_in(body) == PRINT


def test_a_comment_can_carry_the_commit_that_it_was_posted_on():
    body = f"{marks.of_finding(PRINT, HEAD)}\n**High**: the lock is never released"
    assert (marks.fingerprint_in(body), marks.posted_on(body)) == (PRINT, HEAD)
    assert marks.posted_on(marks.of_finding(PRINT)) == marks.posted_on("words") == ""


def test_a_summary_remembers_the_reviewed_commit_and_the_rounds():
    reviewed = Reviewed(HEAD, 3)
    assert marks.reviewed_in(f"{marks.of_summary(reviewed)}\nNothing found.") == reviewed


def test_a_summary_can_say_that_nothing_was_reviewed_yet():
    assert marks.reviewed_in(marks.of_summary(Reviewed())) == Reviewed("", 0)


def test_what_was_edited_in_a_browser_is_known_again():
    assert marks.fingerprint_in(f"{marks.of_finding(PRINT)}\r\ntext\r\n") == PRINT


def test_the_two_kinds_are_not_taken_for_each_other():
    assert marks.reviewed_in(marks.of_finding(PRINT)) is None
    assert marks.fingerprint_in(marks.of_summary(Reviewed(HEAD, 1))) == ""


@pytest.mark.parametrize(
    "around",
    [
        "Thanks for: {}",
        "> {}",
        " {}",
        "\n{}",
        "`{}`",
        "```\n{}\n```",
        "{} and more",
        "\ufeff{}",
        "{}{}",
        "<!-- a -->{}",
    ],
)
def test_a_mark_that_is_repeated_inside_another_text_does_not_count(around):
    for mark in (marks.of_finding(PRINT), marks.of_summary(Reviewed(HEAD, 1))):
        text = around.replace("{}", mark)
        assert marks.fingerprint_in(text) == ""
        assert marks.reviewed_in(text) is None


@pytest.mark.parametrize(
    "mark",
    [
        "<!-- kimicode-review:2 fingerprint=0123456789abcdef -->",
        "<!-- kimicode-review:1 fingerprint=0123456789ABCDEF -->",
        "<!-- kimicode-review:1 fingerprint=0123456789abcde -->",
        "<!-- kimicode-review:1 fingerprint=0123456789abcdef head=x -->",
        f"<!-- kimicode-review:1 head={HEAD} -->",
        f"<!-- kimicode-review:1 head={HEAD[:-1]} rounds=1 -->",
        f"<!-- kimicode-review:1 head={HEAD} rounds=-1 -->",
        f"<!-- kimicode-review:1 head={HEAD} rounds=\u0661 -->",
        "<!-- kimicode-review:1 head=--output=x rounds=1 -->",
    ],
)
def test_a_mark_in_another_form_is_none(mark):
    assert marks.fingerprint_in(mark) == ""
    assert marks.reviewed_in(mark) is None


@pytest.mark.parametrize("fingerprint", ["", "x", "0123456789abcdef -->", "0123456789abcde\n"])
def test_nothing_but_a_fingerprint_goes_into_a_mark(fingerprint):
    with pytest.raises(ValueError, match="not a mark"):
        marks.of_finding(fingerprint)
    with pytest.raises(ValueError, match="not a mark"):
        marks.of_finding(PRINT, fingerprint or "main")


@pytest.mark.parametrize("reviewed", [Reviewed("main", 1), Reviewed(HEAD, -1), Reviewed(HEAD, 10_000)])
def test_nothing_but_a_commit_and_a_small_number_goes_into_a_summary(reviewed):
    with pytest.raises(ValueError, match="not a mark"):
        marks.of_summary(reviewed)


def test_a_comment_says_which_commit_did_away_with_its_finding():
    mark = marks.of_finding(PRINT, HEAD, fixed="c" * 40)
    assert (marks.fingerprint_in(mark), marks.posted_on(mark), marks.fixed_in(mark)) == (PRINT, HEAD, "c" * 40)
    assert marks.fixed_in(marks.of_finding(PRINT, fixed="c" * 40)) == "c" * 40
    assert marks.fixed_in(marks.of_finding(PRINT, HEAD)) == ""
    assert marks.fixed_in(f"words\n{mark}") == ""
    with pytest.raises(ValueError, match="not a mark"):
        marks.of_finding(PRINT, fixed="now -->")


@given(st.text())
def test_any_text_can_be_looked_at(text):
    marks.fingerprint_in(text)
    marks.fixed_in(text)
    marks.reviewed_in(text)
