"""Whatever a model answers, a message comes out that git and a reader can take, or an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.wording import LONGEST_SUBJECT, tidy, with_trailer
from kimicode.errors import ModelError


@pytest.mark.parametrize(
    "answer",
    [
        "fix: read tabs\n\nBecause.",
        "```\nfix: read tabs\n\nBecause.\n```",
        "```text\nfix: read tabs\nBecause.\n```\n",
        "Here is the commit message:\n\nfix: read tabs\n\nBecause.",
        "Commit message: fix: read tabs\n\nBecause.",
        '"fix: read tabs"\n\nBecause.  ',
        "fix: read tabs\n\nBecause.\n\nCo-authored-by: Claude <x@y.z>\nGenerated with a tool\n",
        "fix: \x1b[31mread tabs\u202e\n\nBecause.",
    ],
)
def test_fences_prefaces_quotes_credits_and_control_characters_go(answer):
    assert tidy(answer).replace("[31m", "") == "fix: read tabs\n\nBecause."


@pytest.mark.parametrize("answer", ["", "  \n", "```\n```", '""', "Co-authored-by: X <x@y.z>"])
def test_no_words_are_an_error(answer):
    with pytest.raises(ModelError, match="no message"):
        tidy(answer)


def test_a_first_line_without_end_is_cut_at_a_word():
    first = tidy("word " * 100)
    assert len(first) <= LONGEST_SUBJECT
    assert first.endswith("word...")


@given(st.text(max_size=300))
def test_any_answer_is_tidied_to_a_first_line_and_a_body_or_refused(answer):
    try:
        message = tidy(answer)
    except ModelError:
        return
    first, *rest = message.split("\n")
    assert first.strip()
    assert len(first) <= LONGEST_SUBJECT
    assert not rest or (rest[0] == "" and rest[-1].strip())


@pytest.mark.parametrize(
    ("message", "ending"),
    [
        ("fix", "fix\n\nAssisted-by: kimicode (m)"),
        ("fix\n\nWhy: so.\nRefs: #1", "fix\n\nWhy: so.\nRefs: #1\nAssisted-by: kimicode (m)"),
        ("fix: x\n\nBody text.", "Body text.\n\nAssisted-by: kimicode (m)"),
    ],
)
def test_the_trailer_joins_those_that_are_there(message, ending):
    assert with_trailer(message, "m").endswith(ending)
