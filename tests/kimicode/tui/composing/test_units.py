"""Places for the cursor: between units, never inside one."""

from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.composing import units
from kimicode.tui.composing.draft import Attachments

inside = Attachments()
LABEL = inside.add_paste("one\ntwo")
lines = st.lists(st.sampled_from([LABEL, "a", " ", "word", "你", "é", "👩‍👩‍👧", "🇩🇪", ".", "_"])).map("".join)


@given(lines)
def test_units_cover_the_line_without_gaps(line):
    column = 0
    while column < len(line):
        start, end = units.around(line, column, inside)
        assert start == column < end
        assert {units.around(line, place, inside) for place in range(start, end)} == {(start, end)}
        column = end


@given(lines, st.data())
def test_words_are_left_and_entered_between_units(line, data):
    column = units.nearest(line, data.draw(st.integers(0, len(line))), inside)
    if column > 0:
        left = units.word_left(line, column, inside)
        assert left < column
        assert left == units.nearest(line, left, inside)
    if column < len(line):
        right = units.word_right(line, column, inside)
        assert right > column
        assert right == len(line) or right == units.nearest(line, right, inside)


def test_a_label_is_one_word():
    line = f"see {LABEL} now"
    end = 4 + len(LABEL)
    assert units.word_left(line, end, inside) == 4
    assert units.word_right(line, 4, inside) == end
    assert units.word_right(line, 3, inside) == end
    assert units.word_left(line, end + 1, inside) == 4
    assert units.around(line, 10, inside) == (4, end)
