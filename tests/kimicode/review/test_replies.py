"""What people answer, and what it is taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review.replies import meaning

DECLINED = [
    "won't fix",
    "Won\u2019t fix: callers hold the lock.",
    "wontfix",
    "We will not fix this.",
    "This is a false positive.",
    "false alarm",
    "Not a bug.",
    "This isn't a bug, the list is sorted above.",
    "It's not really an issue",
    "That is no problem",
    "Intended.",
    "That's intentional - see the docstring",
    "This is by design",
    "works as designed",
    "This cannot happen: the list is never empty.",
    "Out of scope for this change.",
    "\U0001f44e",
    ":-1:",
    "/dismiss",
    "/dismiss we know\n",
    "Thanks!\n/dismiss",
    "> you leak a file here\n\nfalse positive, it is closed by the caller",
    "I see, but this is intended",
    "This is fine, we validate in the router.",
    "n/a",
    "Ignoring, since this is test code",
    "I disagree, the lock is held by the caller",
    "Known limitation, leaving as is",
    "won't be fixed",
]
ACCEPTED = [
    "good catch!",
    "Good catch, this is not intended",
    "You're right, fixing",
    "you are right",
    "fixed in the next commit",
    "I'll fix it",
    "was intended, but good catch, fixing",
    "/reopen",
    "Done",
    "Yes, that's a bug",
    "This is a real bug, not a false positive",
    "This is fine for now, but please fix it",
    "\U0001f44d",
]
NEITHER = [
    "",
    "Is this intended?",
    "is that by design",
    "False positive?",
    "Why is this not a bug?",
    "I don't think this is a false positive",
    "This is not intended",
    "unintended",
    "if this is intended, say so in a comment",
    "not fixed yet",
    "> won't fix\nwhy",
    "`won't fix`",
    "```\nfalse positive\n```",
    "the label `wontfix` was removed",
    "see /dismiss",
    "hm",
    "ignore the other comment",
    "it is ok to wait with this",
    "I thought this was intended but now I doubt it",
    "This would be a false positive if the lock was held",
    "a false positive unless the list is empty",
    "I'm not sure this is a bug",
    "Maybe intended, cc ann",
    "Could you explain how this is a false positive?",
    "This is not out of scope",
]


@pytest.mark.parametrize("text", DECLINED)
def test_it_is_declined(text):
    assert meaning(text) == "declined"


@pytest.mark.parametrize("text", ACCEPTED)
def test_it_is_taken_up(text):
    assert meaning(text) == "accepted"


@pytest.mark.parametrize("text", NEITHER)
def test_it_is_neither(text):
    assert meaning(text) == ""


def test_the_last_word_of_a_comment_counts():
    assert meaning("This is intended. Hm, no: you are right.") == "accepted"
    assert meaning("Good catch. On second thought, it's a false positive.") == "declined"


@given(st.text())
def test_any_text_has_a_meaning(text):
    assert meaning(text) in ("declined", "accepted", "")


@pytest.mark.parametrize("piece", ["not ", "not intended ", "intended ", "`", "is a ", "n't ", "> ", "if, "])
def test_a_long_text_is_read_in_no_time(piece):
    meaning(piece * (65_536 // len(piece)))
