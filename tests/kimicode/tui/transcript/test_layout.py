"""Whatever happens to a document, the lines are those of rendering everything; only far fewer are made."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kimicode.tui.content import Markdown, Note, Prompt
from kimicode.tui.lines import Line
from kimicode.tui.palette import DARK, Look
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.feed import Feed
from kimicode.tui.transcript.layout import CACHED_LINES, END, START, Layout
from kimicode.tui.transcript.view import View
from tests.fakes.transcripts import event_lists, naively, plainly, session

LOOK = Look(DARK)


def rendered(layout: Layout) -> list[str]:
    return [row.line.text for row in layout.forward(START)]


def laid_out(document: Document, width: int) -> Layout:
    layout = Layout(document, plainly, LOOK, width)
    document.listener = layout.changed
    return layout


def viewed(document: Document, width: int, height: int) -> View:
    view = View(laid_out(document, width))
    view.height = height
    document.listener = view.changed
    return view


def quiet(document: Document) -> None:
    """Let streamed blocks, too, be rendered plainly: their own lines are another test's concern."""
    for page in document.pages:
        for block in page.blocks or ():
            block.live = None


@settings(deadline=None, max_examples=50)
@given(event_lists, st.lists(st.integers(1, 30), min_size=1, max_size=3), st.data())
def test_lines_are_those_of_rendering_everything(events, widths, data):
    document = Document()
    layout = laid_out(document, widths[0])
    feed = Feed(document, lambda: 1.0)
    for event in events:
        feed.feed(event)
        quiet(document)
        action = data.draw(st.sampled_from(("nothing", "width", "fold", "all", "look")))
        blocks = [block for page in document.pages for block in page.blocks or ()]
        if action == "width":
            layout.set_width(data.draw(st.sampled_from(widths)))
        elif action == "fold" and blocks:
            document.fold(data.draw(st.sampled_from(blocks)), data.draw(st.booleans()))
        elif action == "all":
            document.fold_all(data.draw(st.booleans()))
        elif action == "look":
            rows = data.draw(st.integers(1, 12))
            everything = naively(document, layout.width, LOOK)
            assert [row.line.text for row in layout.window(END, rows)] == everything[-rows:]
    everything = naively(document, layout.width, LOOK)
    assert rendered(layout) == everything
    assert [row.line.text for row in layout.backward(END)] == everything[::-1]
    assert layout.total == len(everything)
    for line, row in enumerate(layout.forward(START)):
        assert layout.line_of(row.spot) == line
        assert layout.spot_at(line) == row.spot


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(("scroll", "width", "grow")), st.integers(-30, 30)), max_size=30))
@example([("width", 0), ("scroll", -1), ("width", 1)])
def test_scrolling_moves_by_exactly_so_many_lines_and_nothing_else_moves_the_top(actions):
    document = Document()
    view = viewed(document, 20, 10)
    feed = Feed(document, lambda: 1.0)
    for event in session(2, 3):
        feed.feed(event)
    quiet(document)
    view.update()
    for action, number in actions:
        top, following = view.rows[0].spot, view.top is None
        everything = naively(document, view.layout.width, LOOK)
        place = list(view.layout.forward(START)).index(view.rows[0])
        if action == "scroll":
            view.scroll(number)
            view.update()
            last = max(0, len(everything) - view.height)
            assert view.line == max(0, min(place + number, last))
            assert (view.top is None) == (view.line == last)
        elif action == "width":
            view.layout.set_width(abs(number) + 3)
            view.update()
        else:
            document.append(Note("info", "x" * abs(number)))
            view.update()
        everything = naively(document, view.layout.width, LOOK)
        place = list(view.layout.forward(START)).index(view.rows[0])
        if action != "scroll" and not following:
            fills = place + view.height < len(everything)  # else what is behind the top is not enough for the window
            assert view.rows[0].spot.id == top.id or view.top is None or not fills
        assert view.line == place
        assert [row.line.text for row in view.rows] == everything[place : place + view.height]


def test_a_width_lays_out_what_is_seen_alone():
    asked: list[int] = []

    def counting(content, width, look) -> list[Line]:
        asked.append(width)
        return plainly(content, width, look)

    document = Document()
    for number in range(5_000):
        document.append(Prompt(f"prompt {number}\nwith a second line"))
    view = View(Layout(document, counting, LOOK, 80))
    view.height = 40
    view.update()
    assert len(asked) < 30
    view.show_line(view.layout.total // 2)
    view.update()
    top = view.rows[0].block
    asked.clear()
    view.layout.set_width(30)
    view.update()
    assert view.rows[0].block is top
    assert len(asked) < 40


def test_a_kept_cache_is_bounded():
    document = Document()
    for number in range(2_000):
        document.append(Markdown(f"{number}\n" * 20))
    layout = Layout(document, plainly, LOOK, 80)
    assert len(rendered(layout)) == len(naively(document, 80, LOOK))
    assert sum(len(laid.lines) for laid in layout._cache.values()) <= CACHED_LINES


def test_guesses_near_the_screen_become_exact_and_then_there_is_rest():
    document = Document()
    view = viewed(document, 11, 4)
    for number in range(60):
        if number % 5 == 0:
            document.begin_page()
        document.append(Note("info", "word " * number))
    view.update()
    view.scroll(-100)
    view.update()
    steps = 0
    while view.refine():
        steps += 1
    assert 0 < steps < 40
    near = document.index(view.rows[0].spot.page)
    for page in document.pages[near - 2 : near + 3]:
        assert all(view.layout.is_exact(block) for block in page.blocks or ())
