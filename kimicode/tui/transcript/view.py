"""What of a layout is on the screen: whether it follows the end, what is selected, found and under the cursor."""

from itertools import islice
from typing import TYPE_CHECKING

from kimicode.tui.content import Prompt
from kimicode.tui.transcript.document import Block, BlockId, Page
from kimicode.tui.transcript.layout import END, START, Layout, Row, Spot
from kimicode.tui.transcript.painting import Stroke, cell_of
from kimicode.tui.transcript.selecting import Point, Selection, picked, point_at, text_of

if TYPE_CHECKING:
    from kimicode.tui.transcript.archive import Archive
    from kimicode.tui.transcript.searching import Search

CONTEXT_ROWS = 3
"""Rows above something that is brought onto the screen."""


class View:
    """A window of so many rows onto a layout. It follows the end until it is scrolled up."""

    def __init__(self, layout: Layout, archive: "Archive | None" = None) -> None:
        self.layout = layout
        self.archive = archive
        self.height = 0
        self.rows: list[Row] = []
        self.top: Spot | None = None
        """The first row; None while it follows the end."""
        self.unseen = 0
        """Lines that came below the screen since it follows no more."""
        self.selection: Selection | None = None
        self.cursor: BlockId | None = None
        self.search: Search | None = None
        self.match: Selection | None = None
        self._picked: Selection | None = None
        self._new: dict[Block, int] = {}
        """Blocks that came or grew since it follows no more, and how high they were before."""
        self._end = END.id
        """The last block when it stopped following, and its height."""
        self._end_height = 0

    # --- what is on the screen ------------------------------------------------------------------------------

    def update(self) -> set[int]:
        """Lay the window out anew; returns the rows that look different now."""
        before, self.rows = self.rows, self.layout.window(self.top or END, self.height)
        self._count_unseen()
        self._trim()
        both = min(len(before), len(self.rows))
        same = (index for index in range(both) if before[index].line is self.rows[index].line)
        return set(range(max(len(before), len(self.rows)))).difference(same)

    def refine(self) -> bool:
        """Measure one block near the screen whose height is a guess; False when there is none."""
        if not self.rows:
            return False
        block = next(self.layout.rough(self.rows[0].spot), None)
        if block is not None:
            self.layout.laid(block)
        return block is not None

    @property
    def line(self) -> int:
        """How many lines are above the window, as far as is known."""
        return self.layout.line_of(self.rows[0].spot) if self.rows else 0

    def changed(self, page: Page | None, block: Block | None) -> None:
        """What the document's listener is to call."""
        grown = block is not None and (block.laid is None or block.laid[0] != block.version)
        if block is not None and grown and self.top is not None and block.id >= self._end:
            self._new[block] = self._new.get(block, 0 if block.id > self._end else self._end_height)
        elif page is None and self.top is not None and self.top.page > self.layout.document.pages[-1].serial:
            self.follow()  # the conversation went back to before what is on the screen
        self.layout.changed(page, block)

    def _count_unseen(self) -> None:
        if self.top is None:
            self._new.clear()
            self._end = self.rows[-1].block.id if self.rows else END.id
            self._end_height = self.rows[-1].block.height if self.rows else 0
            self.unseen = 0
            return
        for block in list(self._new):
            if block.gone and not self._is_dropped(block):
                del self._new[block]
            elif not block.gone and (block.laid is None or block.laid[0] != block.version):
                self.layout.laid(block)
        self.unseen = sum(max(0, block.height - before) for block, before in self._new.items())

    def _is_dropped(self, block: Block) -> bool:
        """Whether it is gone from memory alone."""
        page = self.layout.document.page(block.id)
        return page.serial == block.id.page and page.blocks is None

    def _trim(self) -> None:
        if self.archive is not None and self.rows:
            document = self.layout.document
            self.archive.trim(document.index(self.rows[0].spot.page), document.index(self.rows[-1].spot.page))

    # --- scrolling ------------------------------------------------------------------------------------------

    def scroll(self, lines: int) -> None:
        """So many lines down, or up where negative. Up stops following; at the very end it begins again."""
        if self.rows:
            self.show(self.layout.moved(self.rows[0].spot, lines))

    def show(self, top: Spot) -> None:
        """Let this spot be the first row, as far as the document's end allows."""
        window = self.layout.window(top, self.height)
        last = next(self.layout.backward(END), None)
        at_end = last is None or (bool(window) and window[-1].spot >= last.spot)
        self.top = None if at_end else window[0].spot

    def show_line(self, line: int) -> None:
        """Scroll to a line as a scrollbar means it."""
        self.show(self.layout.spot_at(line))

    def home(self) -> None:
        self.show(START)

    def follow(self) -> None:
        """To the end, and stay there."""
        self.top = None

    def reveal(self, spot: Spot) -> None:
        """Scroll only if this line is not on the screen."""
        if not any(row.spot == spot for row in self.rows):
            self.show(self.layout.moved(spot, -CONTEXT_ROWS))

    # --- selecting ------------------------------------------------------------------------------------------

    def press(self, y: int, x: int, clicks: int) -> None:
        """The mouse picks a place, a word or a line."""
        row = self._row(y)
        self._picked = picked(self.layout, row, x, clicks) if row else None
        self.selection = self._picked

    def drag(self, y: int, x: int) -> None:
        """The mouse moves on, or with rows of the keyboard the selection grows."""
        row = self._row(y)
        if row is not None and self._picked is not None:
            point = point_at(row, x)
            self.selection = self._picked.joined(Selection(point, point))

    def select_block(self, block: Block) -> None:
        """Select all of a block's text."""
        laid = self.layout.laid(block)
        texts = [index for index, line in enumerate(laid.lines) if line.text.strip()]
        if texts:
            end = laid.offsets[texts[-1]] + len(laid.lines[texts[-1]].text)
            self.selection = self._picked = Selection(Point(*block.id, laid.offsets[texts[0]]), Point(*block.id, end))

    def extend(self, lines: int) -> None:
        """Let the selection end so many lines further down or up; without one it begins at the cursor or the top."""
        if self.selection is None:
            spot = Spot(*self.cursor) if self.cursor else self.rows[0].spot if self.rows else None
            row = next(self.layout.forward(spot), None) if spot else None
            if row is None:
                return
            self._picked = self.selection = Selection(
                Point(*row.block.id, row.offset), Point(*row.block.id, row.offset)
            )
        assert self._picked is not None
        upwards = self.selection.first < self._picked.first
        head = self.selection.first if upwards else self.selection.last
        spot = self.layout.moved(self._spot(head), lines)
        row = next(self.layout.forward(spot))
        edge = point_at(row, 0) if lines < 0 else point_at(row, 1 << 30)
        self.selection = self._picked.joined(Selection(edge, edge))
        self.reveal(row.spot)

    def clear_selection(self) -> None:
        self.selection = self._picked = None

    @property
    def selected_text(self) -> str:
        return text_of(self.layout, self.selection) if self.selection else ""

    # --- searching ------------------------------------------------------------------------------------------

    def find(self, query: str, *, backwards: bool) -> bool:
        """Go to the next match and remember the query; "" ends the search. Tells whether there is one."""
        if not query:
            self.search = self.match = None
            return False
        if self.search is None or self.search.query != query:
            from kimicode.tui.transcript.searching import Search

            self.search = Search(self.layout, query, self.archive)
            self.match = None
        point = self.match.first if self.match else self._beside_the_window(backwards)
        self.match = self.search.next(point, backwards=backwards)
        if self.match is not None:
            self.reveal(self._spot(self.match.first))
        return self.match is not None

    def _beside_the_window(self, backwards: bool) -> Point:
        if not self.rows:
            return Point(*END.id, 0)
        row = self.rows[-1] if backwards else self.rows[0]
        return Point(*row.block.id, row.offset + (len(row.line.text) if backwards else -1))

    # --- the cursor -----------------------------------------------------------------------------------------

    def move_cursor(self, step: int, *, prompts: bool = False) -> None:
        """To the next block, or prompt, below (above, if `step` is negative), and bring it onto the screen."""
        start = self.cursor or (self.rows[-1].block.id if self.rows and step < 0 else None)
        if start is None:
            start = BlockId(*self.rows[0].spot.id) if self.rows else END.id
        block = self._neighbour(start, step < 0, prompts)
        if block is not None:
            self.cursor = block.id
            self.reveal(Spot(*block.id, min(1, len(self.layout.laid(block).lines) - 1)))

    def _neighbour(self, start: BlockId, backwards: bool, prompts: bool) -> Block | None:
        pages = self.layout.document.pages
        here = self.layout.document.index(start.page)
        for page in pages[here::-1] if backwards else pages[here:]:
            if prompts and page.blocks is None and not page.turn:
                continue
            blocks = self.layout.document.load(page)
            for block in reversed(blocks) if backwards else blocks:
                beyond = block.id < start if backwards else block.id > start
                if beyond and (not prompts or isinstance(block.content, Prompt)) and self.layout.laid(block).lines:
                    return block
        return None

    # --- painting -------------------------------------------------------------------------------------------

    def strokes(self, row: Row) -> list[Stroke]:
        """What is laid over a row."""
        palette, line = self.layout.look.palette, row.line
        strokes = []
        if row.block.id == self.cursor and row.spot.line == min(1, len(self.layout.laid(row.block).lines) - 1):
            strokes.append(Stroke(0, max(1, line.gutter), palette.selection))
        if self.search is not None:
            size = len(line.text)
            for start, end in self.search.hits(row.block):
                span = start - row.offset, min(end - row.offset, size)
                if span[0] < size and span[1] > 0:
                    found = self.match is not None and self.match.first == Point(*row.block.id, start)
                    style = palette.found_current if found else palette.found
                    strokes.append(Stroke(cell_of(line, max(0, span[0])), cell_of(line, span[1]), style))
        start, end = self.selection.part(row) if self.selection else (0, 0)
        if start < end:
            past = end > len(line.text)
            strokes.append(Stroke(cell_of(line, start), cell_of(line, end) + past, palette.selection))
        return strokes

    # --- small ones -----------------------------------------------------------------------------------------

    def _row(self, y: int) -> Row | None:
        """The row at a place of the screen, or the nearest one."""
        return self.rows[max(0, min(y, len(self.rows) - 1))] if self.rows else None

    def _spot(self, point: Point) -> Spot:
        block = self.layout.document.find(point.id)
        if block is None:
            return Spot(*point.id)
        offsets = self.layout.laid(block).offsets
        line = sum(offset <= point.offset for offset in islice(offsets, 1, None))
        return Spot(*point.id, line)
