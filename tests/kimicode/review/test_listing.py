"""Lines as a model reads them: numbered, with nothing hidden, and none that could pass for another."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review.change import Line
from kimicode.review.listing import barred, listed, named, numbered, visible

ROW = re.compile(r"[ +-] *\d+\|.*|\.\.\. \(\d+ lines?\)")


def test_marks_and_numbers_stand_in_columns_and_gaps_are_counted():
    lines = [
        *(Line(" ", number, number, "x") for number in range(1, 9)),
        Line("-", 9, 0, "old"),
        Line("+", 0, 9, "new"),
        Line(" ", 10, 10, "\tend"),
    ]
    assert listed(lines, {0, 3, 8, 9, 10}) == [
        "  1|x",
        "... (2 lines)",
        "  4|x",
        "... (4 lines)",
        "- 9|old",
        "+ 9|new",
        " 10|\tend",
    ]
    assert listed(lines, {7}) == ["... (7 lines)", " 8|x", "... (3 lines)"]
    assert listed(lines, ()) == []


def test_lines_of_another_file_have_their_numbers():
    assert numbered([(9, "a"), (10, "b"), (12, "c")]) == ["  9|a", " 10|b", "... (1 line)", " 12|c"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\u202eb", "a<U+202E>b"),
        ("a\u200bb", "a<U+200B>b"),
        ("\U000e0041", "<U+E0041>"),
        ("a\rb\x1b[2J", "a<U+000D>b<U+001B>[2J"),
        ("a\u2028b\x85\x0c\x0b", "a<U+2028>b<U+0085><U+000C><U+000B>"),
        ("x\ufe01", "x<U+FE01>"),
        ("❤\ufe0f und ümlaut\t", "❤\ufe0f und ümlaut\t"),
        ("\u3164", "<U+3164>"),
    ],
)
def test_what_nobody_sees_is_shown(text, told):
    assert visible(text) == told


def test_a_line_without_end_is_cut_and_says_so():
    assert visible("x" * 100_000) == "x" * 300 + "... (99700 more characters)"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("src/a-b_c.py", "src/a-b_c.py"),
        ("app/[id]/(group)/page.tsx", "app/[id]/(group)/page.tsx"),
        ("two words.py", '"two words.py"'),
        ("x.py (modified)\n## other", '"x.py (modified)\\\\x0a## other"'),
        ("\u202egnp.py", '"<U+202E>gnp.py"'),
        ("\udcff", '"\\\\xff"'),
    ],
)
def test_a_path_stays_on_its_line_and_cannot_be_taken_for_something_else(path, told):
    assert named(path) == told


@given(st.lists(st.text()), st.text())
def test_no_text_leaves_its_line_or_stands_before_its_bar(texts, name):
    lines = [Line("+", 0, number, text) for number, text in enumerate(texts, 1)]
    rows = listed(lines, range(len(lines)))
    assert len(rows) == len(texts)
    for row in (*rows, *numbered(list(enumerate(texts, 1)))):
        assert ROW.fullmatch(row)
        assert row.splitlines() == [row]
    assert named(name).splitlines() in ([named(name)], [])


@given(st.text())
def test_every_line_of_a_quoted_text_is_behind_the_bar(text):
    rows = barred("said", text)
    assert "\n".join(rows).splitlines() == rows
    assert all(row.startswith("said|") for row in rows)
