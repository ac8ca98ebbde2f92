"""What a review without findings says of itself, in every rendering."""

import dataclasses

import pytest

from kimicode.review.findings import Review, Unread
from kimicode.review.render import annotations, markdown, text, words

REVIEW = Review("a" * 40, "b" * 40, "complete", (), files=2, lines=9)
NOTHING = dataclasses.replace(REVIEW, files=0, lines=0)


def without(**fields):
    return dataclasses.replace(NOTHING, **fields)


@pytest.mark.parametrize(
    ("review", "told"),
    [
        (REVIEW, "no faults found in 2 files, 9 changed lines"),
        (
            dataclasses.replace(REVIEW, dropped={"reported earlier": 1}),
            "no new faults found in 2 files, 9 changed lines",
        ),
        (dataclasses.replace(REVIEW, state="partial"), "no faults found in what was read: 2 files, 9 changed lines"),
        (dataclasses.replace(REVIEW, state="failed"), "this change could not be reviewed"),
        (NOTHING, "nothing was reviewed: there is no code in this change"),
        (without(since="c" * 40), "nothing was reviewed: no code came since the last review"),
        (
            without(state="partial", unread=tuple(Unread(why, why) for why in ("too large", "too large", "binary"))),
            "nothing was reviewed: 3 files left out (too large; binary)",
        ),
        (
            without(unread=tuple(Unread(str(n), f"reason {n}") for n in range(5))),
            "nothing was reviewed: 5 files left out (reason 0; reason 1; reason 2; and other reasons)",
        ),
    ],
)
def test_no_faults_are_found_only_in_what_was_read(review, told):
    assert words.nothing_found(review) == told


@pytest.mark.parametrize("state", ["complete", "partial", "failed"])
def test_a_review_that_read_nothing_never_looks_like_a_clean_one(state):
    review = without(state=state, unread=(Unread("a.py", "no budget left"),))
    for shown in (
        markdown.summary(review, [], []),
        "\n".join(annotations.lines(review)),
        "\n".join(text.lines(review, lambda path, side: None, 80, color=False)),
    ):
        assert "No faults" not in shown
        assert "0 files" not in shown
        assert state == "failed" or "no budget left" in shown
