"""The transcript as data: pages of blocks. A page is what lies between two requests to the model.

What the journal holds need not stay in memory: a page whose blocks are dropped is read again when it is scrolled to."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from kimicode.tui.content import Content
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.transcript.words import weight

LIMIT = 8_000_000
"""Characters of content in memory; what is beyond is dropped, down to three quarters of it."""
NEAR = 3
"""Pages on both sides of those on the screen that are never dropped."""

_stamps = count(1)


class BlockId(NamedTuple):
    """Ids compare as the blocks stand: by page, then within it. A page that is read again gives the same ids."""

    page: int
    block: int


class Span(NamedTuple):
    """A page's place in the journal: the bytes from and to, and the turn that begins with it, if one does."""

    start: int
    end: int
    turn: str = ""


@dataclass(slots=True, eq=False)
class Block:
    """`folded` None follows the document; `version` is new with each change; `gone` once it was taken out."""

    id: BlockId
    content: Content
    folded: bool | None = None
    version: int = field(default_factory=lambda: next(_stamps))
    gone: bool = False
    live: Callable[[int, Look], list[Line]] | None = None
    """Makes the lines of a block that is being streamed, only the changed ones anew."""
    height: int = 0
    """Lines that it takes, as the layout last knew or guessed."""
    laid: tuple[int, int, bool] | None = None
    """For what the layout found the height out."""


@dataclass(slots=True, eq=False)
class Page:
    """`blocks` is None while they are in the journal only, at the bytes from `start` to `end` (None: not known)."""

    serial: int
    blocks: list[Block] | None = field(default_factory=list)
    start: int | None = None
    end: int | None = None
    begun: bool = False
    """Whether a record of the journal begins it; the document's first page may have begun by itself."""
    turn: str = ""
    """The turn that begins with it, if one does."""
    local: bool = False
    """Holds what is in no journal, so it stays in memory."""
    weight: int = 0
    height: int = 0
    """Lines that it takes, as the layout last knew or guessed."""
    folds: dict[int, bool] = field(default_factory=dict)
    """How the person left the blocks while they are dropped."""


Listener = Callable[[Page | None, Block | None], None]
"""What changed: a block of a page (it may be gone), a page as a whole, or, without a page, which pages there are."""


def _unheard(page: Page | None, block: Block | None) -> None:
    """Nobody listens yet."""


class Document:
    """Ordered pages of blocks. Only the last page grows; appending and replacing cost the same at any length."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.pages: list[Page] = [Page(0)]
        self.folded = True
        self.limit = limit
        self.weight = 0
        self.listener: Listener = _unheard
        self.restore: Callable[[Page], Iterable[Content]] | None = None
        """Reads the contents of a dropped page."""
        self.unlocated: list[Page] = []
        """Pages, removed ones included, whose place in the journal is not known yet, in the order of their records."""

    # --- growing --------------------------------------------------------------------------------------------

    def begin_page(self, turn: str = "") -> None:
        """A record of the journal came with which a page begins."""
        last = self.pages[-1]
        if last.begun or last.blocks:
            last = Page(last.serial + 1)
            self.pages.append(last)
        last.begun, last.turn = True, turn
        self.unlocated.append(last)
        self.listener(last, None)

    def append(self, content: Content, *, recorded: bool = False) -> Block:
        """Add a block at the end; `recorded`: its page can be read from the journal again, and it with it."""
        page = self.pages[-1]
        blocks = self.load(page)
        block = Block(BlockId(page.serial, blocks[-1].id.block + 1 if blocks else 0), content)
        blocks.append(block)
        page.local = page.local or not recorded
        self._grow(page, weight(content))
        self.listener(page, block)
        return block

    def replace(self, block: Block, content: Content) -> None:
        """Give a block other content; one that is gone stays gone."""
        if block.gone:
            return
        page = self.page(block.id)
        self._grow(page, weight(content) - weight(block.content))
        block.content = content
        block.version = next(_stamps)
        self.listener(page, block)

    def remove(self, block: Block) -> None:
        """Take a block out, as if it had never been."""
        if block.gone:
            return
        page = self.page(block.id)
        assert page.blocks is not None
        page.blocks.remove(block)
        block.gone = True
        self._grow(page, -weight(block.content))
        self.listener(page, block)

    def prepend(self, spans: Sequence[Span]) -> None:
        """Put dropped pages ahead of all others."""
        first = self.pages[0].serial - len(spans)
        self.pages[:0] = [
            Page(first + place, None, span.start, span.end, begun=True, turn=span.turn)
            for place, span in enumerate(spans)
        ]
        self.listener(None, None)

    def cut(self, index: int) -> None:
        """Remove the pages from this one on: the conversation goes back to before them."""
        for page in self.pages[index:]:
            self.weight -= page.weight
            _leave(page)
        serial = self.pages[-1].serial
        del self.pages[index:]
        if not self.pages:
            self.pages.append(Page(serial + 1))
        self.listener(None, None)

    # --- finding --------------------------------------------------------------------------------------------

    def index(self, serial: int) -> int:
        """The position of the page with this serial, or of the next one."""
        return min(bisect_left(self.pages, serial, key=lambda page: page.serial), len(self.pages) - 1)

    def page(self, place: BlockId) -> Page:
        return self.pages[self.index(place.page)]

    def find(self, place: BlockId) -> Block | None:
        """The block with this id, if it is in memory."""
        page = self.page(place)
        return next((block for block in page.blocks or () if block.id == place), None)

    # --- folding --------------------------------------------------------------------------------------------

    def is_folded(self, block: Block) -> bool:
        return self.folded if block.folded is None else block.folded

    def fold(self, block: Block, folded: bool) -> None:
        """Fold or unfold one block."""
        block.folded = folded
        self.listener(self.page(block.id), block)

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold all blocks, those still to come included."""
        self.folded = folded
        for page in self.pages:
            page.folds.clear()
            for block in page.blocks or ():
                block.folded = None
        self.listener(None, None)

    # --- memory ---------------------------------------------------------------------------------------------

    def load(self, page: Page) -> list[Block]:
        """The blocks of a page, read again if they were dropped."""
        if page.blocks is None:
            contents = self.restore(page) if self.restore else ()
            page.blocks = [
                Block(BlockId(page.serial, number), content, page.folds.get(number))
                for number, content in enumerate(contents)
            ]
            self._grow(page, sum(weight(block.content) for block in page.blocks))
            self.listener(page, None)
        return page.blocks

    def trim(self, first: int, last: int) -> None:
        """Where too much is here, drop pages that the journal holds, the farthest from `first` to `last` ahead."""
        if self.weight <= self.limit or self.restore is None:
            return
        far = [(max(first - index, index - last), index) for index in range(len(self.pages) - 1)]
        for distance, index in sorted(far, reverse=True):
            if self.weight <= self.limit * 3 // 4 or distance <= NEAR:
                return
            self._drop(self.pages[index])

    def _drop(self, page: Page) -> None:
        if page.blocks and page.end is not None and page.start is not None and not page.local:
            page.folds = {block.id.block: block.folded for block in page.blocks if block.folded is not None}
            _leave(page)
            page.blocks = None
            self._grow(page, -page.weight)

    def _grow(self, page: Page, change: int) -> None:
        page.weight += change
        self.weight += change


def _leave(page: Page) -> None:
    """Whoever still holds a block of this page can see that it stands there no more."""
    for block in page.blocks or ():
        block.gone = True
