"""Every match is found, in order, in either direction, whether it is in memory, folded away or only in the journal."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.content import Call, Markdown, Note, Thinking
from kimicode.tui.palette import DARK, Look
from kimicode.tui.transcript.archive import Archive
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.feed import Feed
from kimicode.tui.transcript.layout import Layout
from kimicode.tui.transcript.searching import Search, patterns_of
from kimicode.tui.transcript.selecting import Point, text_of
from kimicode.tui.transcript.view import View
from tests.fakes.transcripts import plainly, recorded, session

LOOK = Look(DARK)
BEGIN = Point(-(1 << 60), 0, 0)


def showing(*contents) -> View:
    document = Document()
    view = View(Layout(document, plainly, LOOK, 20))
    document.listener = view.changed
    view.height = 6
    for content in contents:
        document.append(content)
    view.update()
    return view


def test_letters_of_any_case_match_unless_the_query_has_capitals():
    assert patterns_of("größe")[0].search("Die GRÖSSE, die Größe")[0] == "Größe"
    assert not patterns_of("Make")[0].search("make")
    assert patterns_of("/a+b/")[0].search("xaab")[0] == "aab"
    assert patterns_of("/a(/")[0].search("an /a(/ it is")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(st.sampled_from("ab \n"), max_size=20), max_size=8), st.booleans())
def test_going_on_meets_every_match_once_and_then_the_first_again(texts, backwards):
    view = showing(*(Note("info", text) for text in texts))
    expected = sum(text.strip("\n").count("ab") for text in texts)
    search = Search(view.layout, "ab")
    for page in view.layout.document.pages:
        for block in page.blocks:
            view.layout.document.fold(block, folded=False)
    place, met = BEGIN if not backwards else Point(1 << 60, 0, 0), []
    for _ in range(expected):
        found = search.next(place, backwards=backwards)
        assert text_of(view.layout, found) == "ab"
        place = found.first
        met.append(place)
    assert met == sorted(set(met), reverse=backwards)
    again = search.next(place, backwards=backwards)
    assert (again.first if again else None) == (met[0] if met else None)


def test_what_is_folded_away_is_unfolded():
    view = showing(*[Note("info", f"{number}") for number in range(20)])
    call = view.layout.document.append(Call("c", "bash", "{}", "done", output="1\n2\n3\nneedle"))
    thinking = view.layout.document.append(Thinking("a\nb\nanother needle", 1.0))
    view.update()
    assert view.find("needle", backwards=False)
    assert call.folded is False
    assert view.find("needle", backwards=False)
    assert thinking.folded is False
    view.update()
    assert any("needle" in row.line.text for row in view.rows)


def test_markup_does_not_hide_words_and_a_match_is_brought_onto_the_screen():
    view = showing(Note("info", "nothing"), *[Note("info", "x")] * 50, Markdown("some **bold** `words`"))
    view.home()
    view.update()
    search = Search(view.layout, "bold words")
    assert search._may_hold(view.layout.document.pages[0].blocks[-1])
    assert view.find("bold", backwards=True)
    view.update()
    assert any("bold" in row.line.text for row in view.rows)


def test_visible_matches_are_painted_and_the_present_one_differs():
    view = showing(Note("info", "aaa needle bbb\nneedle"))
    assert view.find("needle", backwards=False)
    styles = [stroke.style for row in view.rows for stroke in view.strokes(row)]
    assert styles == [DARK.found_current, DARK.found]
    view.find("", backwards=False)
    assert not any(view.strokes(row) for row in view.rows)
    assert not view.find("nowhere", backwards=False)


def test_pages_in_the_journal_alone_are_searched_without_reading_all_of_them(tmp_path):
    events = session(30, 2)
    document = Document()
    view = View(Layout(document, plainly, LOOK, 40))
    view.height = 6
    document.listener = view.changed
    archive = Archive(document, recorded(tmp_path / "s", events))
    view.archive = archive
    archive.resume(Feed(document), 4)
    view.update()
    archive.prepend(archive.index())
    assert view.find("Answer 7.1", backwards=True)
    view.update()
    assert any("Answer 7.1" in row.line.text for row in view.rows)
    assert sum(page.blocks is not None for page in document.pages) < 15
    assert view.find("/answer 3\\.[01]:/", backwards=True)
    assert not view.find("no such words", backwards=False)
