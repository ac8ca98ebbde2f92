"""A document is no larger in memory than it may be, and scrolling through all of it shows all of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.events import FilesRestored, Rewound, ShellCompleted, ShellStarted
from kimicode.sessions.journal import JOURNAL, Journal
from kimicode.sessions.tail import records
from kimicode.tui.content import Call, Note
from kimicode.tui.palette import DARK, Look
from kimicode.tui.transcript.archive import Archive
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.feed import Feed
from kimicode.tui.transcript.layout import Layout
from kimicode.tui.transcript.view import View
from tests.fakes.transcripts import naively, plainly, recorded, session, turn

LOOK = Look(DARK)


def fed(events) -> Document:
    document = Document()
    feed = Feed(document, lambda: 1.0)
    for event in events:
        feed.feed(event)
    return document


def resumed(folder, pages: int, *, limit: int = 10**9) -> tuple[Document, View, Feed]:
    document = Document(limit)
    view = View(Layout(document, plainly, LOOK, 40))
    view.height = 10
    document.listener = view.changed
    feed = Feed(document)
    archive = Archive(document, folder)
    view.archive = archive
    archive.resume(feed, pages)
    view.update()
    archive.prepend(archive.index())
    return document, view, feed


def scrolled_through(view: View) -> list[str]:
    """What a person reads who goes to the beginning and scrolls to the end, three lines at a time."""
    view.home()
    view.update()
    texts = [row.line.text for row in view.rows]
    while view.top is not None:
        before = view.rows[-1].spot
        view.scroll(3)
        view.update()
        texts += [row.line.text for row in view.rows if row.spot > before]
    return texts


def test_a_resumed_session_shows_its_end_first_and_all_of_it_when_scrolled(tmp_path):
    events = session(12, 3, streamed=True)
    folder = recorded(tmp_path / "s", events)
    document, view, _ = resumed(folder, 5)
    expected = naively(fed(events), 40, LOOK)
    assert [row.line.text for row in view.rows] == expected[-10:]
    assert sum(page.blocks is not None for page in document.pages) == 5
    assert scrolled_through(view) == expected


def test_a_long_session_is_dropped_from_memory_and_read_again(tmp_path):
    journal = Journal.create(tmp_path / "s")
    document = Document(limit=20_000)
    view = View(Layout(document, plainly, LOOK, 40), Archive(document, tmp_path / "s"))
    view.height = 10
    document.listener = view.changed
    feed = Feed(document, lambda: 1.0)
    events = session(30, 4, streamed=True, output="built and more\n" * 50)
    for event in events:
        journal.append(event)
        feed.feed(event)
        view.update()
        assert document.weight < 30_000
    journal.close()
    assert sum(page.blocks is None for page in document.pages) > 50
    assert scrolled_through(view) == naively(fed(events), 40, LOOK)
    assert document.weight < 30_000


def test_folds_survive_being_dropped(tmp_path):
    events = session(30, 4, output="line\n" * 100)
    document, view, _ = resumed(recorded(tmp_path / "s", events), 10, limit=1_000)
    view.home()
    view.update()
    block = next(row.block for row in view.rows if isinstance(row.block.content, Call))
    document.fold(block, folded=False)
    view.follow()
    view.update()
    assert document.page(block.id).blocks is None
    assert block.gone
    view.home()
    view.update()
    again = next(row.block for row in view.rows if row.block.id == block.id)
    assert again.folded is False
    assert len(view.layout.laid(again).lines) > 90


def test_what_the_interface_itself_said_is_never_dropped(tmp_path):
    document, view, feed = resumed(recorded(tmp_path / "s", session(3, 2)), 99, limit=10)
    document.append(Note("info", "help"))
    for event in session(20, 1):
        feed.feed(event)
        view.update()
    assert "help" in scrolled_through(view)


def test_a_session_goes_on_where_it_was_resumed(tmp_path):
    events, more = session(10, 2), list(turn(10, 5, output="more\n" * 20))
    folder = recorded(tmp_path / "s", events)
    _, view, feed = resumed(folder, 4, limit=2_000)
    journal = Journal.open(folder)
    for event in more:
        journal.append(event)
        feed.feed(event)
        view.update()
    journal.close()
    assert scrolled_through(view) == naively(fed([*events, *more]), 40, LOOK)


def test_turns_that_were_taken_back_do_not_come_back(tmp_path):
    events = [*session(6, 2), Rewound("t2", "prompt 2", ()), *turn(7, 2), *turn(8, 1), Rewound("t8", "", ())]
    events += [*turn(9, 2), *turn(10, 2), *turn(11, 2)]
    expected = naively(fed(events), 40, LOOK)
    for pages in (1, 3, 6, 9, 14, 99):
        folder = recorded(tmp_path / f"s{pages}", events)
        _, view, _ = resumed(folder, pages)
        assert scrolled_through(view) == expected


def test_files_that_went_back_are_told_of_however_long_ago_it_was(tmp_path):
    back = (FilesRestored(9, 4, ("a.py",)), Rewound("t3", "prompt 3", ()), ShellStarted("s", "ls"))
    events = [*session(6, 2), *back, ShellCompleted("s", "ls", "b.py\n", 0, 0.1), *turn(7, 9), *turn(8, 9)]
    expected = naively(fed(events), 40, LOOK)
    assert sum("1 file restored" in line for line in expected) == 1
    for pages in (3, 12, 99):
        _, view, _ = resumed(recorded(tmp_path / f"s{pages}", events), pages)
        assert scrolled_through(view) == expected


def test_going_back_live_keeps_the_places_of_pages_right(tmp_path):
    journal = Journal.create(tmp_path / "s")
    document = Document(limit=300)
    view = View(Layout(document, plainly, LOOK, 40), Archive(document, tmp_path / "s"))
    view.height = 10
    document.listener = view.changed
    feed = Feed(document, lambda: 1.0)
    events = [*session(4, 2), Rewound("t2", "prompt 2", ()), *turn(2, 2), *turn(3, 2), *turn(4, 2), *turn(5, 2)]
    for event in events:
        journal.append(event)
        feed.feed(event)
        view.update()
    journal.close()
    assert any(page.blocks is None for page in document.pages)
    assert scrolled_through(view) == naively(fed(events), 40, LOOK)


def test_a_journal_that_went_away_is_told_in_place(tmp_path):
    folder = recorded(tmp_path / "s", session(10, 2))
    _, view, _ = resumed(folder, 3)
    (folder / JOURNAL).unlink()
    view.home()
    view.update()
    assert any("cannot read" in row.line.text for row in view.rows)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_journal_cut_at_any_byte_opens(tmp_path_factory, data):
    folder = recorded(tmp_path_factory.mktemp("cut") / "s", session(3, 2, streamed=True))
    path = folder / JOURNAL
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    pages = data.draw(st.integers(1, 12))
    document, view, _ = resumed(folder, pages)
    whole = Document()
    feed = Feed(whole)
    for record in records(path):
        feed.feed(record.event, record.time)
    feed.settle(0.0)
    assert scrolled_through(view) == naively(whole, 40, LOOK)
    assert len(document.pages) <= 10


def test_files_that_went_back_are_told_of_in_a_resumed_session(tmp_path):
    undone = [FilesRestored(7, 4, ("a.py",)), Rewound("t3", "prompt 3", ())]
    document, _, _ = resumed(recorded(tmp_path / "s", [*session(4, 2), *undone]), 5)
    page = document.pages[-1]
    assert page.blocks is not None
    assert page.blocks[-1].content == Note("info", "1 file restored, as before step 4:\n  a.py")
    assert page.local  # what comes from elsewhere in the journal is not read with the page again
