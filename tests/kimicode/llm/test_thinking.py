"""Thoughts between tags are told from text while they stream."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.llm.thinking import ThinkSplitter, split_unopened


def split(text: str, sizes: Sequence[int] = ()) -> tuple[str, str]:
    splitter, start = ThinkSplitter(), 0
    runs: list[tuple[bool, str]] = []
    for size in [*sizes, len(text)]:
        runs += splitter.feed(text[start : start + size])
        start += size
    runs += splitter.close()
    return "".join(t for thinking, t in runs if thinking), "".join(t for thinking, t in runs if not thinking)


@pytest.mark.parametrize(
    ("text", "thinking", "rest"),
    [
        ("plain", "", "plain"),
        ("<think>a</think>b", "a", "b"),
        ("\n <think>a</think>b", "a", "\nb"),
        ("<think>a</think><think>b</think>c", "ab", "c"),
        ("x\n<think>a</think>\ny", "a", "x\n\ny"),
        ("<think>never closed", "never closed", ""),
        ("use `<think>` like <think>this", "", "use `<think>` like <think>this"),
        ("a </think> b", "", "a </think> b"),
        ("<thin", "", "<thin"),
        ("if a <\nb", "", "if a <\nb"),
    ],
)
def test_a_tag_opens_at_the_start_of_a_line_only(text, thinking, rest):
    assert split(text) == (thinking, rest)


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "\n", " ", "<", "a", "think>"])).map("".join),
    st.lists(st.integers(1, 4)),
)
def test_where_the_stream_is_cut_makes_no_difference(text, sizes):
    assert split(text, sizes) == split(text)


def test_text_is_not_held_back_longer_than_needed():
    splitter = ThinkSplitter()
    assert splitter.feed("Hello <") == [(False, "Hello <")]
    assert splitter.feed("\n<th") == [(False, "\n")]
    assert splitter.feed("e end") == [(False, "<the end")]


def test_an_unopened_thought_ends_at_its_closing_tag():
    assert split_unopened("hm</think>\n\nyes") == ("hm", "yes")
    assert split_unopened("the `</think>` tag") == ("", "the `</think>` tag")
    assert split_unopened("plain") == ("", "plain")
