"""A selection gives back the text that was said, however it was wrapped, and stays where it is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.content import Note
from kimicode.tui.palette import DARK, Look
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.layout import START, Layout
from kimicode.tui.transcript.selecting import Point, Selection, picked, text_of
from kimicode.tui.transcript.view import View
from tests.fakes.transcripts import plainly

LOOK = Look(DARK, expanded=True)


def showing(*texts: str, width: int = 12, height: int = 8) -> View:
    document = Document()
    document.folded = False
    view = View(Layout(document, plainly, LOOK, width))
    document.listener = view.changed
    view.height = height
    for text in texts:
        document.append(Note("info", text))
    view.update()
    return view


def everything(view: View) -> Selection:
    rows = list(view.layout.forward(START))
    return Selection(Point(*rows[0].block.id, 0), Point(*rows[-1].block.id, 1 << 30))


lines = st.lists(st.text(st.sampled_from("ab 漢🙂é\n"), min_size=1, max_size=30), min_size=1, max_size=5)


@settings(deadline=None, max_examples=60)
@given(lines, st.integers(3, 40))
def test_all_of_it_selected_is_all_that_was_said(texts, width):
    view = showing(*texts, width=width)
    said = "".join("\n" + text.strip("\n") + "\n" for text in texts)
    assert text_of(view.layout, everything(view)) == said


@settings(deadline=None, max_examples=60)
@given(lines, st.integers(3, 40), st.integers(3, 40), st.tuples(*[st.integers(0, 60)] * 4))
def test_a_selection_is_the_same_text_at_any_width_and_while_more_is_said(texts, width, other, places):
    view = showing(*texts, width=width)
    view.press(places[0], places[1], 1)
    view.drag(places[2], places[3])
    text = view.selected_text
    view.layout.set_width(other)
    view.update()
    assert view.selected_text == text
    view.layout.document.append(Note("info", "more"))
    view.update()
    assert view.selected_text == text


def test_a_drag_takes_what_is_between_both_places_in_either_direction():
    view = showing("first words here", "second", width=40)
    rows = {row.line.text: index for index, row in enumerate(view.rows)}
    for begin, end in (((1, 8), (3, 5)), ((3, 5), (1, 8))):
        view.press(*begin, 1)
        view.drag(*end)
        assert rows["first words here"] == 1
        assert view.selected_text == "words here\n\nsec"


def test_two_clicks_pick_a_word_and_three_the_whole_line_wherever_it_is_wrapped():
    view = showing("see src/main.py:12 and go\nnext", width=14)
    row = next(row for row in view.rows if "main" in row.line.text)
    assert text_of(view.layout, picked(view.layout, row, 3, 3)) == "see src/main.py:12 and go"
    wide = showing("see src/main.py:12 and go", width=60)
    assert text_of(wide.layout, picked(wide.layout, wide.rows[1], 10, 2)) == "src/main.py:12"
    wide.press(1, 10, 2)
    wide.drag(1, 0)
    assert wide.selected_text == "see src/main.py:12"


def test_wide_characters_are_taken_whole():
    view = showing("a漢字b", width=20)
    view.press(1, 3, 1)
    view.drag(1, 6)
    assert view.selected_text == "漢"


def test_the_keyboard_selects_a_block_and_grows_it_line_by_line():
    view = showing("one", "two\nlines", "three", width=30, height=20)
    view.move_cursor(1)
    block = view.layout.document.find(view.cursor)
    view.select_block(block)
    assert view.selected_text == "two\nlines"
    view.extend(2)
    assert view.selected_text == "two\nlines\n\nthree"
    view.extend(-1)
    view.clear_selection()
    assert view.selected_text == ""
    view.extend(1)
    assert view.selected_text == "\ntwo"


def test_nothing_is_selected_where_there_is_nothing():
    view = showing()
    view.press(0, 0, 1)
    view.drag(3, 3)
    view.extend(1)
    view.move_cursor(1)
    assert (view.selected_text, view.cursor) == ("", None)
