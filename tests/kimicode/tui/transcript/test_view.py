"""What is on the screen: counting what came, the cursor's way, and what is laid over a row."""

from kimicode.events import Rewound
from kimicode.sessions.journal import Journal
from kimicode.tui.content import Markdown, Note, Prompt
from kimicode.tui.palette import DARK, Look
from kimicode.tui.transcript.archive import Archive
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.feed import Feed
from kimicode.tui.transcript.layout import Layout
from kimicode.tui.transcript.painting import Stroke, painted, thumb
from kimicode.tui.transcript.view import View
from tests.fakes.transcripts import plainly, session

LOOK = Look(DARK)


def showing(*contents, height: int = 6) -> View:
    document = Document()
    view = View(Layout(document, plainly, LOOK, 30))
    document.listener = view.changed
    view.height = height
    for content in contents:
        document.append(content)
    view.update()
    return view


def scrolled_up(view: View) -> View:
    view.scroll(-4)
    view.update()
    return view


def test_lines_that_came_are_counted_whatever_happens_above():
    view = scrolled_up(showing(*[Note("info", f"note {number}") for number in range(20)]))
    document = view.layout.document
    last = document.append(Note("info", "one\ntwo"))
    view.update()
    assert view.unseen == 3
    document.fold(document.pages[0].blocks[0], folded=False)
    view.layout.set_width(20)
    document.replace(document.pages[0].blocks[1], Note("info", "a\nb"))
    view.update()
    assert view.unseen == 3
    document.remove(last)
    view.update()
    assert view.unseen == 0


def test_what_the_last_block_grows_by_is_counted():
    view = showing(*[Note("info", f"note {number}") for number in range(20)], Markdown("one"))
    scrolled_up(view)
    block = view.layout.document.pages[0].blocks[-1]
    view.layout.document.replace(block, Markdown("one\ntwo\nthree"))
    view.update()
    assert view.unseen == 2
    view.follow()
    view.update()
    assert view.unseen == 0


def test_what_was_dropped_from_memory_since_still_counts(tmp_path):
    journal = Journal.create(tmp_path / "s")
    document = Document(limit=2_000)
    view = View(Layout(document, plainly, LOOK, 30), Archive(document, tmp_path / "s"))
    document.listener = view.changed
    view.height = 6
    feed = Feed(document, lambda: 1.0)
    counted = []
    for number, event in enumerate(session(30, 4)):
        journal.append(event)
        feed.feed(event)
        view.update()
        if number == 60:
            view.home()
            view.update()
        counted.append(view.unseen)
    journal.close()
    assert any(page.blocks is None for page in document.pages[10:])
    assert counted[61:] == sorted(counted[61:])
    assert counted[-1] > 400


def test_the_cursor_goes_from_block_to_block_and_from_prompt_to_prompt():
    view = showing(Prompt("a"), Note("info", "b"), Prompt("c"), Note("info", "d"), height=30)
    seen = []
    for step, prompts in ((1, False), (1, False), (-1, True), (1, True), (1, True), (-1, False)):
        view.move_cursor(step, prompts=prompts)
        seen.append(view.layout.document.find(view.cursor).content.text)
    assert seen == ["b", "c", "a", "c", "c", "b"]
    view.cursor = None
    view.move_cursor(-1, prompts=True)
    assert view.layout.document.find(view.cursor).content.text == "c"


def test_where_what_is_on_the_screen_is_taken_away_it_follows_the_end():
    view = showing()
    feed = Feed(view.layout.document, lambda: 1.0)
    for event in session(3, 4):
        feed.feed(event)
    view.update()
    scrolled_up(view)
    feed.feed(Rewound("t2", "", ()))
    view.update()
    assert view.top is None
    assert view.rows[-1].block.id.page == view.layout.document.pages[-1].serial


def test_strokes_win_over_what_is_below_and_stay_within_the_line():
    view = showing(Note("info", "some words"))
    strip = view.rows[1].line.strip
    over = painted(strip, [Stroke(-3, 4, DARK.found), Stroke(2, 99, DARK.selection)])
    assert over.text == strip.text
    backgrounds = [segment.style.bgcolor.name for segment in over for _ in segment.text]
    assert backgrounds == [DARK.found.bgcolor.name] * 2 + [DARK.selection.bgcolor.name] * (strip.cell_length - 2)


def test_the_thumb_touches_the_ends_only_at_the_ends():
    assert thumb(0, 10, 10) == range(0)
    assert thumb(0, 10, 1_000) == range(1)
    assert thumb(990, 10, 1_000) == range(9, 10)
    assert thumb(1, 10, 1_000).start == 1
    assert thumb(989, 10, 1_000).stop == 9
    for top in range(21):
        assert 0 <= thumb(top, 10, 30).start <= thumb(top, 10, 30).stop <= 10
