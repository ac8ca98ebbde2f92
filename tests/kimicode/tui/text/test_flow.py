"""Margins and wrapped lines: what is painted, what is copied."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from kimicode.tui.text.cells import width as cells_of
from kimicode.tui.text.flow import Margin, between, flow, plain

NONE = Style.null()


def painted(lines):
    return [line.strip.text for line in lines]


def test_the_first_line_has_the_mark_and_the_others_its_width():
    margin = Margin().nested(("> ", NONE)).nested(("• ", NONE), copied=True)
    lines = flow([("one two", NONE)], 7, margin) + flow([("three", NONE)], 9, margin)
    assert painted(lines) == ["> • one", "    two", "    three"]
    assert [(line.text, line.gutter, line.soft) for line in lines] == [
        ("• one ", 2, True),
        ("two", 4, False),
        ("  three", 2, False),
    ]


def test_a_fill_reaches_the_edge():
    (line,) = flow([("x", NONE)], 6, Margin(), fill=Style(bgcolor="red"))
    assert line.strip.text == "x     "
    assert line.text == "x"


def test_many_lines_of_one_style_are_the_same_as_one_by_one():
    texts = ["short", "", "a line that is too long", "漢字"]
    fast = plain(texts, NONE, 10, Margin().nested(("- ", NONE)))
    margin = Margin().nested(("- ", NONE))
    slow = [line for text in texts for line in flow([(text, NONE)], 10, margin)]
    assert painted(fast) == painted(slow)
    assert [(line.text, line.gutter, line.soft) for line in fast] == [
        (line.text, line.gutter, line.soft) for line in slow
    ]


runs = st.lists(
    st.tuples(st.text(st.sampled_from("ab  漢é\u0301")), st.sampled_from([NONE, Style(bold=True)])), min_size=1
)


@settings(deadline=None)
@given(runs, st.integers(4, 20))
def test_styles_stay_with_their_letters(runs, width):
    lines = flow(runs, width, Margin())
    assert "".join(line.text for line in lines) == "".join(text for text, _ in runs)
    assert all(cells_of(line.strip.text) == line.strip.cell_length <= width for line in lines)
    letters = [(letter, style.bold) for text, style in runs for letter in text if letter != " "]
    shown = [(letter, s.style.bold) for line in lines for s in line.strip for letter in s.text if letter != " "]
    assert shown == letters


@settings(deadline=None)
@given(runs, st.integers(0, 10), st.integers(0, 10))
def test_a_part_of_runs_is_that_part_of_their_text(runs, start, end):
    text = "".join(run[0] for run in runs)
    assert "".join(run[0] for run in between(runs, start, max(start, end))) == text[start : max(start, end)]
