"""Which lines a document has, for a width and a look: exact where somebody looks, estimated everywhere else.

Places are spots, a line of a block each: what is above may change its height without moving them."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import NamedTuple

from textual.strip import Strip

from kimicode.tui.content import Content, Markdown
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.transcript.document import Block, BlockId, Document, Page
from kimicode.tui.transcript.heights import Heights
from kimicode.tui.transcript.words import lines_of

Render = Callable[[Content, int, Look], list[Line]]

CACHED_LINES = 2_000
BYTES_PER_LINE = 1_000
"""Of a journal: a page that was never read is taken to have a line for so many bytes, up to `FULL_PAGE` lines."""
FULL_PAGE = 30
GAP = Line(Strip([], 0))
"""The empty line above each block, but not within an answer, whose blocks know their distances."""


class Spot(NamedTuple):
    """A line of a block. Spots compare as they stand."""

    page: int
    block: int
    line: int = 0

    @property
    def id(self) -> BlockId:
        return BlockId(self.page, self.block)


START = Spot(-(1 << 62), 0)
END = Spot(1 << 62, 0)


class Row(NamedTuple):
    """A line and where it stands. `offset` counts the characters of the block's text ahead of it."""

    spot: Spot
    line: Line
    offset: int
    block: Block


@dataclass(frozen=True, slots=True)
class Laid:
    """A block's lines and, for each, the characters of the block's text ahead of it; `key` says for what."""

    key: tuple[int, int, bool]
    lines: list[Line]
    offsets: list[int]


class Layout:
    """The lines of a document. Only blocks that are asked for are laid out, and only the latest of them are kept."""

    def __init__(self, document: Document, render: Render, look: Look, width: int) -> None:
        self.document = document
        self.width = max(1, width)
        self._render = render
        self._generation = 0
        self._cache: OrderedDict[BlockId, Laid] = OrderedDict()
        self._cached = 0
        self.set_look(look)
        self.heights = Heights()
        self._rebuild()

    def set_look(self, look: Look) -> None:
        """Other colours or symbols: every line is made again when it is next asked for."""
        self.look = look
        self._looks = {folded: replace(look, expanded=not folded) for folded in (False, True)}
        self._forget()

    def set_width(self, width: int) -> None:
        """Another width in cells. The heights so far serve as estimates."""
        if width != self.width:
            self.width = max(1, width)
            self._forget()

    # --- following the document -----------------------------------------------------------------------------

    def changed(self, page: Page | None, block: Block | None) -> None:
        """What the document's listener is to call."""
        if page is None:
            self._rebuild()
            return
        index = self.document.index(page.serial)
        if index == len(self.heights):
            self.heights.append(page.height)
        if block is not None:
            block.laid = None
            self._set_height(index, block, 0 if block.gone else self._estimate(block))
            return
        for one in page.blocks or ():
            one.height = one.height or self._estimate(one)
        if page.blocks is not None:
            self._set_page(index, sum(one.height for one in page.blocks))

    def _rebuild(self) -> None:
        for page in self.document.pages:
            if page.blocks is None and not page.height:
                page.height = min(FULL_PAGE, 2 + ((page.end or 0) - (page.start or 0)) // BYTES_PER_LINE)
            elif page.blocks is not None:
                for block in page.blocks:
                    block.height = block.height or self._estimate(block)
                page.height = sum(block.height for block in page.blocks)
        self.heights = Heights(page.height for page in self.document.pages)

    def _estimate(self, block: Block) -> int:
        return 1 + lines_of(block.content, self.width, folded=self.document.is_folded(block))

    def _set_height(self, index: int, block: Block, height: int) -> None:
        change = height - block.height
        block.height = height
        if change:
            self._set_page(index, self.document.pages[index].height + change)

    def _set_page(self, index: int, height: int) -> None:
        self.document.pages[index].height = height
        self.heights.add(index, height - self.heights[index])

    def _forget(self) -> None:
        self._generation += 1
        self._cache.clear()
        self._cached = 0

    # --- lines ----------------------------------------------------------------------------------------------

    def laid(self, block: Block) -> Laid:
        """The block's lines for the present width and look; its height is exact from then on."""
        key = self._key(block)
        laid = self._cache.get(block.id)
        if laid is None or laid.key != key:
            laid = self._lay(block, key)
        self._cache.move_to_end(block.id)
        if block.laid != key:
            block.laid = key
            self._set_height(self.document.index(block.id.page), block, len(laid.lines))
        return laid

    def is_exact(self, block: Block) -> bool:
        return block.laid == self._key(block)

    def _key(self, block: Block) -> tuple[int, int, bool]:
        return block.version, self._generation, self.document.is_folded(block)

    def _lay(self, block: Block, key: tuple[int, int, bool]) -> Laid:
        look = self._looks[key[2]]
        lines = block.live(self.width, look) if block.live else self._render(block.content, self.width, look)
        if lines and not (isinstance(block.content, Markdown) and not block.content.first):
            lines = [GAP, *lines]
        starts = accumulate((len(line.text) + (not line.soft) for line in lines), initial=0)
        laid = Laid(key, lines, list(starts)[: len(lines)])
        before = self._cache.pop(block.id, None)
        self._cached += len(lines) - (len(before.lines) if before else 0)
        self._cache[block.id] = laid
        while self._cached > CACHED_LINES and len(self._cache) > 1:
            self._cached -= len(self._cache.popitem(last=False)[1].lines)
        return laid

    # --- walking --------------------------------------------------------------------------------------------

    def forward(self, spot: Spot) -> Iterator[Row]:
        """The rows from this spot on, laid out as they are asked for."""
        index, number = self._position(spot)
        line = spot.line if self._is_at(spot, index, number) else 0
        while index < len(self.document.pages):
            blocks = self.document.load(self.document.pages[index])
            while number < len(blocks):
                yield from self._rows(blocks[number], line)
                number, line = number + 1, 0
            index, number = index + 1, 0

    def backward(self, spot: Spot) -> Iterator[Row]:
        """The rows ahead of this spot, nearest first."""
        index, number = self._position(spot)
        if self._is_at(spot, index, number):
            yield from self._rows_up(self.document.load(self.document.pages[index])[number], spot.line)
        while index >= 0:
            blocks = self.document.load(self.document.pages[index])
            number = min(number, len(blocks))
            while number > 0:
                number -= 1
                yield from self._rows_up(blocks[number], 1 << 62)
            index, number = index - 1, 1 << 62

    def window(self, top: Spot, rows: int) -> list[Row]:
        """As many rows as fit, from `top` on, or from further up where the document ends before that."""
        found = list(islice(self.forward(top), rows))
        if len(found) < rows:
            above = list(islice(self.backward(found[0].spot if found else END), rows - len(found)))
            found = [*reversed(above), *found]
        return found

    def moved(self, spot: Spot, lines: int) -> Spot:
        """The spot so many lines further down (up, if negative), or the nearest there is."""
        walk = self.backward(spot) if lines < 0 else self.forward(spot)
        for row in islice(walk, -lines if lines < 0 else lines + 1):
            spot = row.spot
        return spot

    # --- lines as numbers, for scrollbars -------------------------------------------------------------------

    @property
    def total(self) -> int:
        return self.heights.total

    def line_of(self, spot: Spot) -> int:
        """How many lines are above the spot, as far as is known."""
        index, number = self._position(spot)
        blocks = self.document.pages[index].blocks or []
        ahead = sum(block.height for block in blocks[:number])
        return self.heights.before(index) + ahead + (spot.line if self._is_at(spot, index, number) else 0)

    def spot_at(self, line: int) -> Spot:
        """The spot that many lines below the start, as far as is known; a page that was dropped is read."""
        index, rest = self.heights.find(line)
        page = self.document.pages[index]
        for block in self.document.load(page):
            if rest < block.height:
                return Spot(*block.id, rest)
            rest -= block.height
        return Spot(page.serial + 1, 0)

    # --- guesses made exact ---------------------------------------------------------------------------------

    def rough(self, around: Spot) -> Iterator[Block]:
        """Blocks of the page of this spot and of its neighbours whose heights are guesses, nearest page first."""
        index, _ = self._position(around)
        for near in (index, index - 1, index + 1, index - 2, index + 2):
            if 0 <= near < len(self.document.pages):
                yield from (one for one in self.document.pages[near].blocks or () if not self.is_exact(one))

    # --- spots ----------------------------------------------------------------------------------------------

    def _position(self, spot: Spot) -> tuple[int, int]:
        """The page's position and the block's position in it; of what follows, where the block is gone."""
        index = self.document.index(spot.page)
        page = self.document.pages[index]
        if page.serial < spot.page:
            return index, 1 << 62
        if page.serial > spot.page:
            return index, 0
        blocks = self.document.load(page)
        number = spot.block
        if not (number < len(blocks) and blocks[number].id == spot.id):
            number = sum(block.id.block < spot.block for block in blocks)
        return index, number

    def _is_at(self, spot: Spot, index: int, number: int) -> bool:
        blocks = self.document.pages[index].blocks or ()
        return number < len(blocks) and blocks[number].id == spot.id

    def _rows(self, block: Block, first: int) -> Iterator[Row]:
        laid = self.laid(block)
        for line in range(min(first, max(0, len(laid.lines) - 1)), len(laid.lines)):
            yield Row(Spot(*block.id, line), laid.lines[line], laid.offsets[line], block)

    def _rows_up(self, block: Block, end: int) -> Iterator[Row]:
        laid = self.laid(block)
        for line in reversed(range(min(end, len(laid.lines)))):
            yield Row(Spot(*block.id, line), laid.lines[line], laid.offsets[line], block)
