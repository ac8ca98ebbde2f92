"""The transcript on the screen: one widget that paints lines, whatever the session's length."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from kimicode.tui.actions import bindings
from kimicode.tui.content import Call, Shell, Thinking
from kimicode.tui.palette import Look
from kimicode.tui.text.render import render
from kimicode.tui.transcript.document import Block, Document, Page
from kimicode.tui.transcript.layout import Layout, Row
from kimicode.tui.transcript.painting import painted, style_at, thumb
from kimicode.tui.transcript.view import View

if TYPE_CHECKING:
    from kimicode.tui.transcript.archive import Archive

WHEEL_LINES = 3
SLICE_S = 0.004
"""What measuring blocks off the screen may take before keys are looked at again."""
CLICKS_S = 0.4
DRAG_S = 0.05
"""Between two lines that are scrolled while the mouse drags beyond an edge."""
_FOLDING = (Call, Thinking, Shell)


class Transcript(Widget, can_focus=True):
    """Shows a document. It paints only rows that changed, and does nothing at all while nothing changes."""

    ALLOW_SELECT = False
    BINDINGS = bindings("transcript")

    class Selected(Message):
        """The person selected a text with the mouse."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Unpinned(Message):
        """It was scrolled up, so it follows the end no more."""

    class NewLines(Message):
        """So many lines came below what is on the screen; 0 once it follows the end again."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    class LinkClicked(Message):
        """The person clicked a link."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

    def __init__(self, document: Document, look: Look, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.document = document
        self.view = View(Layout(document, render, look, 80))
        document.listener = self._changed
        self._base = Style()
        self._thumb = range(0)
        self._due = False
        self._refining = False
        self._following = True
        self._told = 0
        self._clicks = (0.0, -1, -1, 0)  # when, where, and how many came together
        self._gripped = False
        self._pointer = (0, 0)
        self._dragging: Timer | None = None

    # --- what it is asked to do -----------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        """Colours and symbols; setting them paints everything anew."""
        return self.view.layout.look

    @look.setter
    def look(self, look: Look) -> None:
        self.view.layout.set_look(look)
        self._update(everything=True)

    def attach(self, archive: "Archive") -> None:
        """From now on what the archive holds need not stay in memory."""
        self.view.archive = archive

    @property
    def following(self) -> bool:
        return self.view.top is None

    def follow(self) -> None:
        """To the end, and stay there."""
        self.view.follow()
        self._update()

    def scroll_lines(self, lines: int) -> None:
        """So many lines down, or up where negative."""
        self.view.scroll(lines)
        self._update()

    def scroll_pages(self, pages: int) -> None:
        """So many screens, less a line that stays."""
        self.scroll_lines(pages * max(1, self.view.height - 1))

    def scroll_to_start(self) -> None:
        self.view.home()
        self._update()

    def search(self, text: str, backwards: bool = False) -> bool:
        """Go to the next match; "" ends the search. Tells whether there is one."""
        found = self.view.find(text, backwards=backwards)
        self._update(everything=True)
        return found

    def move_cursor(self, step: int, *, prompts: bool = False) -> None:
        """The cursor to the next block or prompt; a negative `step` goes up."""
        self.view.move_cursor(step, prompts=prompts)
        self._update(everything=True)

    def toggle_fold(self, block: Block | None = None) -> None:
        """Fold or unfold a block, by default the one under the cursor."""
        if block is None and self.view.cursor is not None:
            block = self.document.find(self.view.cursor)
        if block is not None:
            self.document.fold(block, not self.document.is_folded(block))

    def fold_all(self, folded: bool | None = None) -> None:
        """Fold or unfold everything; by default the opposite of what was last asked for."""
        self.document.fold_all(not self.document.folded if folded is None else folded)

    @property
    def selected_text(self) -> str:
        return self.view.selected_text

    def clear_selection(self) -> None:
        self.view.clear_selection()
        self._update(everything=True)

    def copy_target(self, number: int | None = None) -> str:
        """The last answer's source, or its code block of this number from 1; "" if there is none."""
        from kimicode.tui.transcript import copying

        return copying.copy_target(self.document, number)

    # --- keys -----------------------------------------------------------------------------------------------

    def action_line_up(self) -> None:
        self.scroll_lines(-1)

    def action_line_down(self) -> None:
        self.scroll_lines(1)

    def action_block_up(self) -> None:
        self.move_cursor(-1)

    def action_block_down(self) -> None:
        self.move_cursor(1)

    def action_prompt_up(self) -> None:
        self.move_cursor(-1, prompts=True)

    def action_prompt_down(self) -> None:
        self.move_cursor(1, prompts=True)

    def action_fold(self) -> None:
        self.toggle_fold()

    def action_select_up(self) -> None:
        self.view.extend(-1)
        self._update(everything=True)

    def action_select_down(self) -> None:
        self.view.extend(1)
        self._update(everything=True)

    def action_select_block(self) -> None:
        block = self.document.find(self.view.cursor) if self.view.cursor else None
        if block is not None:
            self.view.select_block(block)
            self._update(everything=True)

    def action_copy(self) -> None:
        if text := self.selected_text:
            self.post_message(self.Selected(text))

    # --- the mouse ------------------------------------------------------------------------------------------

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-WHEEL_LINES)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(WHEEL_LINES)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button != 1:
            return
        event.stop()
        self.capture_mouse()
        x, y = self._pointer = int(event.x), int(event.y)
        if x >= self.view.layout.width and self._thumb:
            self._gripped = True
            self._grip(y)
            return
        when, *place, count = self._clicks
        again = time.monotonic() - when < CLICKS_S and place == [x, y]
        count = count % 3 + 1 if again else 1
        self._clicks = (time.monotonic(), x, y, count)
        self.view.press(y, x, count)
        self._update(everything=True)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is not self:
            return
        self._pointer = int(event.x), int(event.y)
        if self._gripped:
            self._grip(self._pointer[1])
            return
        self._drag()
        beyond = not 0 <= self._pointer[1] < self.view.height
        if beyond and self._dragging is None:
            self._dragging = self.set_interval(DRAG_S, self._drag_on)
        elif not beyond:
            self._stop_dragging()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is not self:
            return
        event.stop()
        self.release_mouse()
        self._stop_dragging()
        if self._gripped:
            self._gripped = False
        elif text := self.selected_text:
            self.post_message(self.Selected(text))
        else:
            self._click(int(event.x), int(event.y))

    def _click(self, x: int, y: int) -> None:
        row = self.view.rows[y] if 0 <= y < len(self.view.rows) else None
        if row is None:
            return
        style = style_at(row.line.strip, x)
        if style is not None and style.link:
            self.post_message(self.LinkClicked(style.link))
        elif row.spot.line == 1 and isinstance(row.block.content, _FOLDING):
            self.view.clear_selection()
            self.toggle_fold(row.block)

    def _drag(self) -> None:
        x, y = self._pointer
        self.view.drag(y, x)
        self._update(everything=True)

    def _drag_on(self) -> None:
        self.view.scroll(-1 if self._pointer[1] < 0 else 1)
        self._update()
        self._drag()

    def _stop_dragging(self) -> None:
        if self._dragging is not None:
            self._dragging.stop()
            self._dragging = None

    def _grip(self, y: int) -> None:
        """Put the thumb's middle where the mouse is."""
        room = max(1, self.view.height - len(self._thumb))
        share = min(1.0, max(0.0, (y - len(self._thumb) // 2) / room))
        self.view.show_line(round(share * max(0, self.view.layout.total - self.view.height)))
        self._update()

    # --- painting -------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self.view.height = event.size.height
        self.view.layout.set_width(event.size.width - 1)
        self._update(everything=True)

    def _changed(self, page: Page | None, block: Block | None) -> None:
        self.view.changed(page, block)
        if not self._due and self.is_mounted:
            self._due = True
            self.call_later(self._update)

    def _update(self, *, everything: bool = False) -> None:
        """Lay out what is on the screen, and paint what of it changed."""
        self._due = False
        dirty = self.view.update()
        before, self._thumb = self._thumb, thumb(self.view.line, self.view.height, self.view.layout.total)
        if everything:
            self.refresh()
        else:
            regions = [*self._regions(dirty, 0, self.size.width)]
            regions += self._regions({*before} ^ {*self._thumb}, self.size.width - 1, 1)
            if regions:
                self.refresh(*regions)
        self._tell()
        if not self._refining:
            self._refining = True
            self.call_later(self._refine)

    def _regions(self, rows: Iterable[int], x: int, width: int) -> Iterable[Region]:
        start = end = -1
        for row in sorted(rows):
            if row != end:
                if start >= 0:
                    yield Region(x, start, width, end - start)
                start = row
            end = row + 1
        if start >= 0:
            yield Region(x, start, width, end - start)

    def _tell(self) -> None:
        if self._following and not self.following:
            self.post_message(self.Unpinned())
        self._following = self.following
        if self.view.unseen != self._told:
            self._told = self.view.unseen
            self.post_message(self.NewLines(self._told))

    def _refine(self) -> None:
        """Make heights around the screen exact, a slice at a time, until they are."""
        until = time.monotonic() + SLICE_S
        more = True
        while more and time.monotonic() < until:
            more = self.view.refine()
        self._refining = more
        if more:
            self.call_later(self._refine)

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """The row `y` of the screen."""
        rows, width = self.view.rows, self.view.layout.width
        strip = self._painted(rows[y]) if y < len(rows) else Strip([], 0)
        mark = "|" if self.look.ascii else "┃"
        bar = Segment(mark if y in self._thumb else " ", self._base + self.look.palette.muted)
        return Strip([*strip.apply_style(self._base).adjust_cell_length(width, self._base), bar], width + 1)

    def _painted(self, row: Row) -> Strip:
        strokes = self.view.strokes(row)
        if not strokes:
            return row.line.strip
        return painted(row.line.strip.extend_cell_length(max(stroke.end for stroke in strokes)), strokes)
