"""A first line as the log's first lines are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.git.style import Style

SENTENCES = Style(("Add package", "Explain the build", "Drop old versions", "Speed up the lexer"))
TYPED = Style(("fix: close the file", "feat(io): read files", "docs: say how", "fix!: drop it"))


@pytest.mark.parametrize(
    ("style", "written", "fitted"),
    [
        (SENTENCES, "add two numbers.", "Add two numbers"),
        (SENTENCES, "read_all() takes a path", "read_all() takes a path"),
        (SENTENCES, "iPhone layout", "iPhone layout"),
        (SENTENCES, "Wait for it...", "Wait for it..."),
        (TYPED, "fix: Close it.", "fix: close it"),
        (TYPED, "fix: HTTP errors are told", "fix: HTTP errors are told"),
        (Style(("One.", "Two.", "Three.")), "Four.", "Four."),
        (Style(("One",)), "two", "two"),
        (Style(), "Start.", "Start"),
    ],
)
def test_case_and_full_stop_follow_the_log_and_names_stay(style, written, fitted):
    assert style.fitted(written) == fitted


@pytest.mark.parametrize(
    ("style", "written", "said"),
    [
        (SENTENCES, "speed up the LEXER", "earlier commit"),
        (SENTENCES, "Add numbers", ""),
        (TYPED, "Close the file", "lacks a type"),
        (TYPED, "perf(io): read faster", ""),
        (Style(), "Anything", ""),
    ],
)
def test_what_cannot_be_right_here_is_said(style, written, said):
    assert said in style.fault(written)
    assert bool(said) == bool(style.fault(written))


@given(st.text(max_size=80), st.lists(st.text(max_size=30), max_size=6))
def test_whatever_is_written_keeps_its_words(written, subjects):
    fitted = Style(tuple(subjects)).fitted(written)
    assert fitted.casefold() in (written.casefold(), written.casefold()[:-1])
