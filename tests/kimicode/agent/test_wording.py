"""Whatever a model answers, a message comes out that git and a reader can take, or an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.wording import LONGEST_SUBJECT, commit_message, pull_request, tidy, with_trailer
from kimicode.errors import ModelError
from kimicode.events import FileChange
from kimicode.git.branch import Branch
from kimicode.git.diff import Difference
from kimicode.git.style import Style


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
        "Sure! Here's a commit message for it:\n\n```\nfix: read tabs\n\nBecause.\n```\n\nIt says what.",
        "**Commit message:**\n\n**fix: read tabs**\n\nBecause.",
        "Subject: fix: read tabs\n\nBecause.",
        "# fix: read tabs\n\nfix: read tabs\n\nBecause.",
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


class Answers:
    """A model that gives these answers one after the other, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, prompt):
        self.asked.append(prompt)
        return self.answers.pop(0)


CHANGE = Difference((FileChange("a.py", "M", 1, 1),), ("diff --git a/a.py b/a.py\n-1\n+2\n",))
TYPED = Style(("fix: close the file", "feat(io): read files", "docs: say how to install"))


async def test_an_example_taken_for_the_answer_is_asked_about_again():
    ask = Answers("Feat(io): read files", "fix: read two")
    assert await commit_message(ask, CHANGE, TYPED) == "fix: read two"
    assert "an earlier commit" in ask.asked[1]
    assert ask.asked[1].startswith(ask.asked[0])


async def test_a_type_that_is_usual_and_missing_is_asked_for_once_and_no_more():
    ask = Answers("Read two", "Read two files.\n\nThe second one was forgotten.")
    assert await commit_message(ask, CHANGE, TYPED) == "read two files\n\nThe second one was forgotten."
    assert "lacks a type" in ask.asked[1]


async def test_a_second_answer_without_words_leaves_the_first():
    assert await commit_message(Answers("Read two", "```\n```"), CHANGE, TYPED) == "read two"


async def test_long_prose_is_broken_and_lists_code_and_addresses_stay():
    prose = "word " * 30
    listed = "- " + "item " * 20
    code = "    call(" + "x, " * 40 + ")"
    address = "https://example.org/" + "x" * 90
    body = "\n\n".join((prose.strip(), listed.strip(), code, address))
    message = await commit_message(Answers(f"fix: all\n\n{body}"), CHANGE, TYPED)
    lines = message.splitlines()
    assert max(len(line) for line in lines if "word" in line or "item" in line) <= 72
    assert code in lines
    assert address in lines
    assert [line for line in lines if line.startswith("  item")]


@pytest.mark.parametrize("heading", ["**Description:**\n\n", "**Description:** ", "## Description\n", "Body:\n", ""])
async def test_a_pull_requests_text_keeps_its_fences_and_loses_its_heading(heading):
    branch = Branch("topic", "main", (), CHANGE)
    answer = f"Title: Read files\n\n{heading}It reads:\n\n```py\nread()\n```\n"
    title, body = await pull_request(Answers(answer), branch, TYPED)
    assert (title, body) == ("read files", "It reads:\n\n```py\nread()\n```")


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
