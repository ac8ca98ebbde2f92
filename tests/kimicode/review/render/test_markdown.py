"""What is posted renders as we mean it, whatever a model or a file says, in any forge's limits."""

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kimicode.messages import Usage
from kimicode.review.findings import Citation, Finding, Review, Severity, Suggestion, Unread
from kimicode.review.render import markdown

MARKDOWN = MarkdownIt("gfm-like")
OURS = ("<details><summary>", "</details>", "<sub>", "</sub>")
FINDING = Finding(
    path="shop/cart.py",
    side="new",
    first=6,
    last=7,
    symbol="Cart.average",
    category="correctness",
    severity=Severity.HIGH,
    confidence=0.9,
    claim="`average` divides by zero when the cart is empty",
    scenario="With no prices, `average()` raises `ZeroDivisionError`.",
    citations=(Citation("shop/cart.py", 7, "SECRET TEXT"), Citation("shop/cart.py", 7, "again")),
    suggestion=Suggestion(6, 7, "if not self.prices:\n    return 0"),
    proof="ran",
    evidence="`len` is 0.\n\n$ python -c 'average()'\nOUTPUT OF A STRANGER",
)
REVIEW = Review("a" * 40, "b" * 40, "complete", (FINDING,), files=3, lines=120, model="kimi-k2.6", duration_s=41)
MESS = st.text() | st.sampled_from(
    [
        "```\n# x",
        "</details><script>",
        "| a | b |\n|--|--|",
        "![x](http://a.b)",
        "**\n\n/close\n\n@all #1",
        "`a|b`",
        "\\|`|`\\`",
        "a" * 9_000,
        "|" * 9_000,
        "&lt;b&gt;",
        "````suggestion\nrm\n````",
        "-->\n<!-- kimicode-review:1 -->",
    ]
)
FINDINGS = st.builds(
    Finding,
    path=MESS.filter(bool),
    side=st.sampled_from(["new", "old"]),
    first=st.just(6),
    last=st.just(7),
    symbol=MESS,
    category=st.just("security"),
    severity=st.sampled_from(Severity),
    confidence=st.just(0.9),
    claim=MESS,
    scenario=MESS,
    citations=st.lists(st.builds(Citation, MESS, st.just(1), MESS), max_size=2).map(tuple),
    suggestion=st.none() | st.builds(Suggestion, st.just(6), st.just(7), MESS),
    proof=st.sampled_from(["ran", "read"]),
    evidence=st.builds("{}\n\n$ {}\n{}".format, MESS, MESS, MESS),
)


def tokens(text):
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def assert_ours(text):
    """No link, image, heading or HTML but ours; nothing outside of code that a forge would look up."""
    kinds = {token.type for token in tokens(text)}
    assert not kinds & {"link_open", "image", "heading_open", "blockquote_open", "ordered_list_open"}
    html = [token.content for token in tokens(text) if token.type in ("html_block", "html_inline")]
    for piece in html:
        assert piece.startswith(OURS)
        assert piece.count("<") == sum(piece.count(tag) for tag in (*OURS, "</summary>")) + piece.count("<details>")
    bare = "".join(token.content for token in tokens(text) if token.type == "text")
    assert not re.search(r"[@#$~]|!\d", bare)


@given(FINDINGS, st.sampled_from(["github", "gitlab"]))
def test_a_comment_is_made_of_our_markup_alone(finding, dialect):
    body = markdown.comment(finding, at=(6, 7), dialect=dialect)
    assert_ours(body)
    assert len(body) < 30_000


@given(st.lists(FINDINGS, max_size=3), st.lists(st.builds(Unread, MESS, MESS), max_size=3), MESS)
def test_a_summary_is_made_of_our_markup_alone(rest, unread, note):
    review = dataclasses.replace(REVIEW, unread=tuple(unread), notes=(note,), model=note)
    assert_ours(markdown.summary(review, [], rest))


@given(FINDINGS)
def test_a_row_of_the_table_is_one_row_of_three_cells(finding):
    text = markdown.summary(REVIEW, [], [finding])
    cells = [token for token in tokens(text) if token.type == "td_open"]
    assert len(cells) == 3


def test_the_longest_summary_fits_into_a_comment():
    long = dataclasses.replace(FINDING, claim="|" * 999, scenario="|" * 9_999, path="|" * 999)
    unread = tuple(Unread("|" * 999, "|" * 999) for _ in range(999))
    review = dataclasses.replace(REVIEW, unread=unread, notes=("|" * 999,) * 99)
    text = markdown.summary(review, [], [long] * 99)
    assert len(text) < 60_000
    assert "more\n\n</details>" in text
    assert "979 more files" in text


@pytest.mark.parametrize("filling", ["|", "<", "`", "a ", "@x ", "ä", "💥", "x" * 40 + " ", "```\n", "1. "])
def test_nothing_that_is_posted_is_longer_than_github_takes(filling):
    words = filling * 9_999
    cited = tuple(Citation(words[:1_000] + str(n), n, words) for n in range(1, 400))
    code = "\n".join([words] * 12)
    long = dataclasses.replace(
        FINDING, claim=words, scenario=words, path=words[:1_000], citations=cited, evidence=f"{words}\n\n$ {words}"
    )
    long = dataclasses.replace(long, proof="ran", suggestion=Suggestion(6, 7, code))
    unread = tuple(Unread(words, words) for _ in range(999))
    review = dataclasses.replace(REVIEW, unread=unread, notes=(words,) * 99, model=words)
    mark = "<!-- {} -->".format("m" * 200)
    comment = markdown.comment(long, at=(6, 7))
    for text in (
        comment,
        markdown.summary(review, [long] * 99, [long] * 99, carried=[long] * 99, mark=lambda one, claim: mark),
        markdown.fixed(comment, "b" * 40),
        markdown.fixed(words, "b" * 40),
    ):
        assert len(text) <= markdown.MOST_TEXT < 65_536 - 500


def test_a_comment_says_what_is_wrong_how_it_was_checked_and_what_would_mend_it():
    assert markdown.comment(FINDING, at=(6, 7)) == (
        "**High: `average` divides by zero when the cart is empty**\n\n"
        "With no prices, `average()` raises `ZeroDivisionError`.\n\n"
        "```suggestion\nif not self.prices:\n    return 0\n```\n\n"
        "<details><summary>How this was checked</summary>\n\n"
        "`len` is 0.\n\nIt was run: `python -c 'average()'`\n\nCode: `shop/cart.py:7`\n\n</details>"
    )


def test_a_finding_without_words_is_told_by_its_kind():
    silent = dataclasses.replace(FINDING, claim="", scenario="")
    assert markdown.comment(silent, at=(6, 7)) == "A high correctness finding whose text was withheld."
    hidden = dataclasses.replace(FINDING, claim="\u200b \U000e0041")
    assert markdown.comment(hidden) == markdown.comment(silent)
    assert "| high | `shop/cart.py:6` | A high correctness finding whose text was withheld |" in markdown.summary(
        REVIEW, [], [silent]
    )


@pytest.mark.parametrize("changes", [{"side": "old"}, {"suggestion": None}])
def test_nothing_is_suggested_where_nothing_can_be(changes):
    assert "suggestion" not in markdown.comment(dataclasses.replace(FINDING, **changes), at=(6, 7))


def test_a_suggestion_stands_only_where_the_forge_would_replace_just_its_lines():
    assert "suggestion" not in markdown.comment(FINDING)
    assert "suggestion" not in markdown.comment(FINDING, at=(7, 7))
    assert "```suggestion:-1+0\n" in markdown.comment(FINDING, at=(7, 7), dialect="gitlab")
    assert "```suggestion:-0+1\n" in markdown.comment(FINDING, at=(6, 6), dialect="gitlab")
    assert "suggestion" not in markdown.comment(FINDING, at=(8, 8), dialect="gitlab")


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("", "```suggestion\n```"),
        ("a ``` b", "````suggestion\na ``` b\n````"),
        ("a\r\nb", "```suggestion\na\nb\n```"),
    ],
)
def test_the_fence_cannot_be_closed_from_within(text, block):
    assert block in markdown.comment(dataclasses.replace(FINDING, suggestion=Suggestion(6, 7, text)), at=(6, 7))


@pytest.mark.parametrize("text", ["x\n" * 12, "a\x1bb", "a\u202eb"])
def test_a_suggestion_that_cannot_be_judged_at_a_glance_is_left_out(text):
    assert "suggestion" not in markdown.comment(
        dataclasses.replace(FINDING, suggestion=Suggestion(6, 7, text)), at=(6, 7)
    )


@pytest.mark.parametrize("text", ["/close", "  /merge now", "```\n/close\n```"])
def test_no_command_reaches_gitlab_by_a_suggestion(text):
    finding = dataclasses.replace(FINDING, suggestion=Suggestion(6, 7, text))
    assert "suggestion" not in markdown.comment(finding, at=(6, 7), dialect="gitlab")


def test_nothing_found_is_one_line():
    text = markdown.summary(dataclasses.replace(REVIEW, findings=(), usage=Usage(price=0.03)), [], [])
    assert text == (
        "No faults found in 3 files, 120 changed lines.\n\n"
        "<sub>Reviewed `aaaaaaaaaa` to `bbbbbbbbbb` by kimicode, `kimi-k2.6`, 41 s, 0.03 USD.</sub>"
    )


def test_the_summary_counts_what_was_found_and_what_became_of_earlier_findings():
    text = markdown.summary(REVIEW, [FINDING], [FINDING], before=1, fixed=2)
    assert text.startswith(
        "**2 faults found** in 3 files, 120 changed lines: 2 high. "
        "1 earlier finding still open and 2 earlier findings fixed."
    )
    assert "<details><summary>1 finding without a comment</summary>" in text
    assert "To dismiss a finding, resolve its thread, or reply `/dismiss` or “won’t fix”." in text


def test_a_review_that_failed_finds_nothing_and_says_so():
    text = markdown.summary(dataclasses.replace(REVIEW, state="failed", notes=("the model did not answer",)), [], [])
    assert text.startswith("This change could not be reviewed")
    assert "the model did not answer" in text
