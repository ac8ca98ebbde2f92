"""Tables in the width that there is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.content import Markdown
from kimicode.tui.palette import DARK, Look
from kimicode.tui.text.render import render
from kimicode.tui.text.sanitise import LRM

LOOK = Look(DARK)
SOURCE = "| Name | 漢字 | Count |\n|---|:-:|--:|\n| one | 漢 | 1 |\n| **two** | 字 | 22 |"


def painted(source, width):
    return [line.strip.text.rstrip() for line in render(Markdown(source), width, LOOK)]


def test_columns_are_aligned_behind_wide_letters():
    assert painted(SOURCE, 60) == [
        "● Name │ 漢字 │ Count",
        "  ─────┼──────┼──────",
        "  one  │  漢  │     1",
        "  two  │  字  │    22",
    ]


def test_long_cells_are_wrapped_and_short_columns_keep_their_width():
    source = "| a | words |\n|---|---|\n| x | one two three four |"
    assert painted(source, 17) == [
        "● a │ words",
        "  ──┼────────────",
        "  x │ one two",
        "    │ three four",
    ]


def test_where_columns_have_no_room_a_row_is_a_record():
    source = "| first | second | third |\n|---|---|---|\n| long words | more words | and more |\n| x | y | z |"
    assert painted(source, 20) == [
        "● first: long words",
        "  second: more words",
        "  third: and more",
        "",
        "  first: x",
        "  second: y",
        "  third: z",
    ]


def test_a_table_without_rows_shows_its_head_at_any_width():
    assert painted("| heading | other |\n|---|---|", 30) == ["● heading │ other", "  ────────┼──────"]
    assert painted("| heading | other |\n|---|---|", 12) == ["● heading", "  other"]


def test_right_to_left_cells_do_not_move_the_columns():
    line = render(Markdown("| a | b |\n|---|---|\n| שלום | עולם |"), 60, LOOK)[2]
    assert LRM in line.strip.text
    assert LRM not in line.text


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["", "a", "漢字漢字", "long words in here", "`x`"]), min_size=1, max_size=5),
        max_size=4,
    )
)
def test_no_table_is_too_wide(rows):
    source = "| one | two | three |\n|---|---|---|\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)
    for width in (5, 12, 20, 40, 80):
        assert all(line.strip.cell_length <= width for line in render(Markdown(source), width, LOOK))
