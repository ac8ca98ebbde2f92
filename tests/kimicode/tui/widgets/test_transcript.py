"""The widget: it follows until it is scrolled, repaints only what changed, and rests when nothing does."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from kimicode.events import PartStarted, PartUpdated, StepStarted
from kimicode.tui.content import Markdown, Note, Prompt, Thinking
from kimicode.tui.palette import DARK, Look
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.feed import Feed
from kimicode.tui.widgets.transcript import Transcript
from tests.fakes.transcripts import session


class Watched(Transcript):
    """Remembers which rows were painted, and how often it was laid out."""

    def __init__(self, document: Document, look: Look) -> None:
        super().__init__(document, look)
        self.painted: set[int] = set()
        self.updates = 0

    def _update(self, *, everything: bool = False) -> None:
        self.updates += 1
        super()._update(everything=everything)

    def render_line(self, y: int) -> Strip:
        self.painted.add(y)
        return super().render_line(y)


class Screen(App[None]):
    CSS = "Transcript { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.document = Document()
        self.feed = Feed(self.document)
        self.heard: list[object] = []

    def compose(self) -> ComposeResult:
        yield Watched(self.document, Look(DARK))

    @property
    def transcript(self) -> Watched:
        return self.query_one(Watched)

    def on_transcript_selected(self, message: Transcript.Selected) -> None:
        self.heard.append(message.text)

    def on_transcript_unpinned(self, message: Transcript.Unpinned) -> None:
        self.heard.append("unpinned")

    def on_transcript_new_lines(self, message: Transcript.NewLines) -> None:
        self.heard.append(message.count)

    def on_transcript_link_clicked(self, message: Transcript.LinkClicked) -> None:
        self.heard.append(message.url)


@asynccontextmanager
async def screen(*contents, size=(40, 12)):
    app = Screen()
    for content in contents:
        app.document.append(content)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def shown(app: Screen) -> list[str]:
    return [app.transcript.render_line(y).text[:-1].rstrip() for y in range(app.transcript.size.height)]


def notes(count: int):
    return [Note("info", f"note {number}") for number in range(count)]


async def test_it_follows_the_end_until_it_is_scrolled_and_counts_what_comes():
    async with screen(*notes(30)) as (app, pilot):
        assert shown(app)[-1] == "· note 29"
        app.transcript.scroll_lines(-3)
        before = shown(app)
        app.document.append(Note("info", "new\nlines"))
        await pilot.pause()
        assert shown(app) == before
        assert app.heard == ["unpinned", 3]
        app.transcript.follow()
        await pilot.pause()
        assert shown(app)[-1] == "  lines"
        assert app.heard == ["unpinned", 3, 0]


async def test_scrolling_to_the_very_end_follows_again():
    async with screen(*notes(30)) as (app, pilot):
        app.transcript.scroll_pages(-2)
        assert not app.transcript.following
        app.transcript.scroll_pages(1)
        assert not app.transcript.following
        app.transcript.scroll_pages(5)
        assert app.transcript.following
        app.transcript.scroll_to_start()
        assert shown(app)[1] == "· note 0"
        await pilot.pause()


async def test_what_fits_the_screen_never_stops_following():
    async with screen(*notes(2)) as (app, pilot):
        app.transcript.scroll_lines(-3)
        await pilot.pause()
        assert app.transcript.following
        assert app.heard == []


async def test_the_wheel_scrolls():
    async with screen(*notes(30)) as (app, pilot):
        app.transcript.post_message(mouse(events.MouseScrollUp, app, 5, 5))
        await pilot.pause()
        assert not app.transcript.following
        for _ in range(3):
            app.transcript.post_message(mouse(events.MouseScrollDown, app, 5, 5))
        await pilot.pause()
        assert app.transcript.following


async def test_while_an_answer_streams_only_rows_that_changed_are_painted():
    async with screen(*notes(4), size=(40, 30)) as (app, pilot):
        app.feed.feed(StepStarted("t1", 1))
        app.feed.feed(PartStarted("p", "text"))
        app.feed.feed(PartUpdated("p", "some"))
        await pilot.pause()
        app.transcript.painted.clear()
        app.feed.feed(PartUpdated("p", " words"))
        await pilot.pause()
        last = max(y for y, line in enumerate(shown_rows(app)) if line)
        assert app.transcript.painted <= {last - 1, last}
        assert shown(app)[last] == "● some words"


def shown_rows(app: Screen) -> list[str]:
    return [row.line.text for row in app.transcript.view.rows]


async def test_deltas_of_one_moment_are_laid_out_once():
    async with screen(*notes(4)) as (app, pilot):
        app.transcript.updates = 0
        app.feed.feed(StepStarted("t1", 1))
        app.feed.feed(PartStarted("p", "text"))
        for _ in range(100):
            app.feed.feed(PartUpdated("p", "word "))
        await pilot.pause()
        assert app.transcript.updates == 1


async def test_nothing_is_painted_and_no_timer_runs_while_nothing_happens():
    async with screen(*notes(200)) as (app, pilot):
        app.transcript.scroll_lines(-50)
        await pilot.pause()
        app.transcript.painted.clear()
        await asyncio.sleep(0.2)
        assert app.transcript.painted == set()
        assert not list(app.transcript._timers)


async def test_a_new_width_keeps_the_top_and_a_new_look_paints_everything():
    words = [Prompt(f"prompt {number} " + "word " * 20) for number in range(40)]
    async with screen(*words) as (app, pilot):
        app.transcript.scroll_lines(-60)
        top = app.transcript.view.rows[0].block
        await pilot.resize_terminal(25, 12)
        await pilot.pause()
        assert app.transcript.view.rows[0].block is top
        app.transcript.painted.clear()
        app.transcript.look = Look(replace(DARK, prompt=DARK.error), ascii=True)
        await pilot.pause()
        assert app.transcript.painted == set(range(12))


def mouse(kind, app: Screen, x: int, y: int, button: int = 1):
    return kind(app.transcript, x, y, 0, 0, button, False, False, False, x, y)


async def drag(app: Screen, pilot, *places: tuple[int, int]) -> None:
    app.transcript.post_message(mouse(events.MouseDown, app, *places[0]))
    for place in places[1:]:
        app.transcript.post_message(mouse(events.MouseMove, app, *place))
    await pilot.pause()
    app.transcript.post_message(mouse(events.MouseUp, app, *places[-1]))
    await pilot.pause()


async def test_dragging_selects_text_across_blocks_and_new_text_does_not_disturb_it():
    async with screen(Prompt("first words"), Markdown("second answer")) as (app, pilot):
        await drag(app, pilot, (8, 1), (8, 3))
        assert app.heard == ["words\n\nsecond"]
        app.document.append(Note("info", "more"))
        await pilot.pause()
        assert app.transcript.selected_text == "words\n\nsecond"
        assert any(
            segment.style and segment.style.bgcolor == DARK.selection.bgcolor
            for segment in app.transcript.render_line(3)
        )
        app.transcript.clear_selection()
        assert app.transcript.selected_text == ""


async def test_dragging_beyond_the_edge_scrolls():
    async with screen(*notes(30)) as (app, pilot):
        app.transcript.post_message(mouse(events.MouseDown, app, 3, 2))
        app.transcript.post_message(mouse(events.MouseMove, app, 3, -1))
        async with asyncio.timeout(20):
            while "note 15" not in app.transcript.selected_text:
                await asyncio.sleep(0.02)
        app.transcript.post_message(mouse(events.MouseUp, app, 3, -1))
        await pilot.pause()
        assert not list(app.transcript._timers)
        assert not app.transcript.following


async def test_clicks_pick_words_and_lines_follow_links_and_unfold():
    thinking = Thinking("a\nlong\nthought", 3.0)
    async with screen(Markdown("see [this](https://example.org/x) there"), thinking) as (app, pilot):
        column = shown(app)[1].index("this")
        await drag(app, pilot, (column, 1))
        assert app.heard == ["https://example.org/x"]
        await drag(app, pilot, (column + 1, 1))
        await drag(app, pilot, (column + 1, 1))
        assert app.heard[-1] == "this"
        row = next(y for y, line in enumerate(shown(app)) if "thought" in line)
        await drag(app, pilot, (3, row))
        assert "long" in "\n".join(shown(app))


async def test_the_scrollbar_is_dragged():
    async with screen(*notes(200)) as (app, pilot):
        assert len(app.transcript._thumb) >= 1
        assert 11 in app.transcript._thumb
        await drag(app, pilot, (39, 11), (39, 0))
        assert shown(app)[1] == "· note 0"
        await drag(app, pilot, (39, 0), (39, 11))
        assert app.transcript.following


async def test_everything_is_folded_and_unfolded_at_once_and_the_cursor_goes_by_prompts():
    async with screen(size=(60, 20)) as (app, pilot):
        for event in session(3, 2, output="\n".join(f"line {number}" for number in range(60))):
            app.feed.feed(event)
        await pilot.pause()
        folded = app.transcript.view.layout.total
        app.transcript.fold_all()
        await pilot.pause()
        assert app.transcript.view.layout.total > folded
        app.transcript.fold_all()
        app.transcript.action_prompt_up()
        app.transcript.action_prompt_up()
        await pilot.pause()
        assert app.document.find(app.transcript.view.cursor).content == Prompt("prompt 1")
        assert "▌ prompt 1" in shown(app)
        app.transcript.action_block_down()
        app.transcript.action_select_block()
        app.transcript.action_copy()
        await pilot.pause()
        assert app.heard[-1].startswith("Answer 1.0")
        app.transcript.action_fold()
        assert app.transcript.search("prompt 2")
        assert not app.transcript.search("nowhere at all")
        assert app.transcript.copy_target() == "Answer 2.1:\n\n- one\n- two"


async def test_no_size_is_too_small():
    async with screen(*notes(5), Markdown("# A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"), size=(3, 1)) as (app, pilot):
        await pilot.resize_terminal(1, 1)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "· note 4" in shown(app)
        assert app.transcript.render_lines(Region(0, 0, 80, 24))
