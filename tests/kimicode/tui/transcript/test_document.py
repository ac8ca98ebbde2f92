"""Pages and blocks: who hears of what, what is gone, what stays in memory."""

from kimicode.tui.content import Note
from kimicode.tui.transcript.document import BlockId, Document, Span


def note(text: str) -> Note:
    return Note("info", text)


def test_blocks_are_ordered_by_their_ids_and_removed_ones_are_gone():
    document = Document()
    first = document.append(note("a"))
    document.begin_page("t1")
    second = document.append(note("b"))
    assert (first.id, second.id) == (BlockId(0, 0), BlockId(1, 0))
    document.remove(second)
    document.replace(second, note("too late"))
    document.remove(second)
    assert second.gone
    assert document.find(second.id) is None
    assert document.append(note("c")).id == second.id
    assert document.weight == 2


def test_the_listener_hears_of_blocks_pages_and_of_all():
    heard = []
    document = Document()
    document.listener = lambda page, block: heard.append((page and page.serial, block and block.content.text))
    block = document.append(note("a"))
    document.replace(block, note("b"))
    document.begin_page()
    document.fold(block, folded=False)
    document.fold_all(folded=True)
    document.prepend([Span(0, 10)])
    document.cut(1)
    assert heard == [(0, "a"), (0, "b"), (1, None), (0, "b"), (None, None), (None, None), (None, None)]


def test_going_back_behind_everything_leaves_an_empty_document():
    document = Document()
    document.begin_page("t1")
    block = document.append(note("a"))
    document.cut(0)
    assert block.gone
    assert document.weight == 0
    assert document.append(note("b")).id > block.id


def test_only_pages_with_a_place_that_are_far_are_dropped_and_come_back_as_they_were():
    document = Document(limit=100)
    document.restore = lambda page: [note("x" * 10)]
    for number in range(30):
        document.begin_page()
        block = document.append(note("x" * 10), recorded=True)
        if number != 3:
            document.pages[-1].start, document.pages[-1].end = number, number + 1
        if number == 5:
            document.fold(block, folded=False)
        if number == 7:
            document.append(note("mine"))
    document.trim(28, 29)
    kept = [page.serial for page in document.pages if page.blocks is not None]
    assert 3 in kept
    assert 7 in kept
    assert {26, 27, 28, 29} <= set(kept)
    assert document.weight <= 100
    assert document.load(document.pages[5])[0].folded is False
