"""What commands print: their colours, their progress bars, and as much of it as is asked for."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from kimicode.tui.palette import DARK, Look
from kimicode.tui.text.ansi import coloured, without_colours
from kimicode.tui.text.flow import Margin
from kimicode.tui.text.output import render

LOOK = Look(DARK)


def runs(line):
    return coloured(line, Style.null(), Style.null())[0]


def painted(text, width=40, look=LOOK):
    return [line.strip.text for line in render(text, width, look, Margin())]


def test_colours_are_styles():
    (red, style), plain = runs("\x1b[31mred\x1b[0m plain")
    assert (red, style.color.number, plain) == ("red", 1, (" plain", Style.null()))
    ((_, style),) = runs("\x1b[1;94mx")
    assert (style.bold, style.color.number) == (True, 12)
    ((_, style),) = runs("\x1b[38;5;200mx")
    assert style.color.number == 200
    ((_, style),) = runs("\x1b[48;2;1;2;3mx")
    assert style.bgcolor.triplet == (1, 2, 3)


def test_colours_go_on_in_the_next_line():
    _, state = coloured("\x1b[32mgreen", Style.null(), Style.null())
    assert state.color.number == 2
    assert coloured("still", Style.null(), state)[0] == [("still", state)]


def test_nothing_moves_and_nothing_hides():
    assert runs("\x1b[5;8msecret") == [("secret", Style.null())]
    (text, style), *_ = runs("\x1b[30;40mblack")
    assert text == "black"
    assert style.color != style.bgcolor


def test_other_sequences_are_shown():
    assert painted("\x1b[2J\x1b]0;title\x07 \x1b[31mred") == ["␛[2J␛]0;title␇ red"]


def test_a_progress_bar_is_one_line():
    assert painted("\x1b[?25l 10 %\r\x1b[K 99 %\r\x1b[Kdone\x1b[?25h\n") == ["done"]


def test_the_text_alone():
    assert without_colours("\x1b[1mbold\x1b[0m \x07") == "bold ␇"


def test_a_huge_line_costs_what_is_shown():
    lines = painted("x" * 5_000_000)
    assert len(lines) == 4
    assert lines[-1].endswith("…")


def test_one_line_more_is_shown_rather_than_counted():
    assert len(painted("\n".join("123456789"))) == 9
    assert "… 2 more lines" in painted("\n".join("1234567890"))


@settings(deadline=None)
@given(st.text(st.sampled_from("ab\x1b[0;31m8K?\r\n\t漢\x07")), st.booleans())
def test_any_output_is_safe_and_fits(text, expanded):
    for line in render(text, 20, Look(DARK, expanded=expanded), Margin()):
        assert line.strip.cell_length <= 20
        assert not set(line.strip.text) & set("\x1b\r\n\x07\t")
