"""Widths and line breaks: nothing is lost, nothing too wide, no character torn."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.text.cells import crop, graphemes, width, wrap
from kimicode.tui.text.sanitise import visible

LETTERS = "ab  -漢字。「」é\u0301👩‍👩‍👧🇩🇪🇫🇷👍🏽❤️שلا한"
texts = st.one_of(st.text(st.sampled_from(LETTERS)), st.text(st.sampled_from("ab c ")), st.text())


@settings(deadline=None)
@given(texts, st.integers(2, 30))
def test_the_pieces_are_the_text_and_fit(text, columns):
    text = visible(text).replace("\n", "")
    pieces = wrap(text, columns)
    assert "".join(pieces) == text
    assert all(width(piece.rstrip(" ")) <= columns for piece in pieces)


@settings(deadline=None)
@given(texts, st.integers(2, 30))
def test_no_grapheme_is_torn(text, columns):
    text = visible(text).replace("\n", "")
    ends = {end for _, end, _ in graphemes(text)} | {0}
    position = 0
    for piece in wrap(text, columns):
        position += len(piece)
        assert position in ends


@settings(deadline=None)
@given(texts, st.integers(0, 30))
def test_what_is_cropped_fits(text, columns):
    text = visible(text).replace("\n", "")
    cropped = crop(text, columns)
    assert cropped == text or (width(cropped) <= columns and text.startswith(cropped.removesuffix("…")))


@pytest.mark.parametrize(
    ("text", "columns", "pieces"),
    [
        ("the quick brown fox", 10, ["the quick ", "brown fox"]),
        ("the quick     brown", 9, ["the quick     ", "brown"]),
        ("incomprehensibilities", 8, ["incompre", "hensibil", "ities"]),
        ("a incomprehensibilities", 8, ["a ", "incompre", "hensibil", "ities"]),
        ("    incomprehensible", 8, ["    inco", "mprehens", "ible"]),
        ("漢字漢字。漢", 8, ["漢字漢", "字。漢"]),
        ("他说「好」", 6, ["他说", "「好」"]),
        ("word漢字 word", 7, ["word漢", "字 word"]),
        ("🇩🇪🇫🇷🇮🇹", 4, ["🇩🇪🇫🇷", "🇮🇹"]),
        ("", 5, [""]),
    ],
)
def test_lines_break_where_a_reader_expects_it(text, columns, pieces):
    assert wrap(text, columns) == pieces


def test_a_letter_too_wide_for_the_line_stands_alone():
    assert wrap("漢字", 1) == ["漢", "字"]
