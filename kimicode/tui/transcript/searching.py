"""Search: through the words of all blocks first, and through the lines of those that may hold a match."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from kimicode.tui.content import Markdown
from kimicode.tui.transcript.archive import Archive
from kimicode.tui.transcript.document import Block, BlockId, Page
from kimicode.tui.transcript.layout import Laid, Layout
from kimicode.tui.transcript.selecting import Point, Selection
from kimicode.tui.transcript.words import words

_MARKUP = re.compile(r"[*_`~\\]|\n *>? ?")


def patterns_of(query: str) -> tuple[re.Pattern[str], re.Pattern[bytes]]:
    """What a query means in text, and in the lines of a journal.

    Letters of any case match unless it has capitals; `/.../` is a regular expression if it is a right one.
    """
    flags = re.NOFLAG if any(letter.isupper() for letter in query) else re.IGNORECASE
    if len(query) > 2 and query[0] == query[-1] == "/":
        with suppress(re.error):
            return re.compile(query[1:-1], flags), re.compile(query[1:-1].encode(), flags)
    written = json.dumps(query)[1:-1].encode("ascii")
    return re.compile(re.escape(query), flags), re.compile(re.escape(written), flags)


@dataclass(slots=True)
class Search:
    """One query. `archive` lets pages be passed over that are not in memory and do not hold it."""

    layout: Layout
    query: str
    archive: Archive | None = None
    pattern: re.Pattern[str] = field(init=False)
    _written: re.Pattern[bytes] = field(init=False)
    _hits: dict[BlockId, tuple[Laid, list[tuple[int, int]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pattern, self._written = patterns_of(self.query)

    def hits(self, block: Block) -> list[tuple[int, int]]:
        """Where the query stands in the block's text: characters from and to."""
        laid = self.layout.laid(block)
        known = self._hits.get(block.id)
        if known is None or known[0] is not laid:
            text = "".join(line.text + ("" if line.soft else "\n") for line in laid.lines)
            known = laid, [match.span() for match in self.pattern.finditer(text) if match[0]]
            self._hits[block.id] = known
        return known[1]

    def next(self, point: Point, *, backwards: bool = False) -> Selection | None:
        """The nearest match behind a point (ahead of it, if backwards); around the ends if need be.

        A block whose match is folded away is unfolded.
        """
        for block, around in self._blocks(point, backwards):
            found = self._in(block)
            for match in reversed(found) if backwards else found:
                if around or block.id != point.id or (match.first < point if backwards else match.first > point):
                    return match
        return None

    def _in(self, block: Block) -> list[Selection]:
        if not self._may_hold(block):
            return []
        hits = self.hits(block)
        document = self.layout.document
        if not hits and document.is_folded(block):
            document.fold(block, folded=False)
            hits = self.hits(block)
            if not hits:
                document.fold(block, folded=True)
        return [Selection(Point(*block.id, start), Point(*block.id, end)) for start, end in hits]

    def _may_hold(self, block: Block) -> bool:
        """Markdown's marks are no part of what is read, so they are looked past."""
        text = words(block.content)
        if self.pattern.search(text):
            return True
        if not isinstance(block.content, Markdown):
            return False
        return any(self.pattern.search(_MARKUP.sub(blank, text)) for blank in ("", " "))

    def _blocks(self, point: Point, backwards: bool) -> Iterator[tuple[Block, bool]]:
        """All blocks in the order of the search, from that of the point around to it again: then with True."""
        pages = self.layout.document.pages
        here = self.layout.document.index(point.page)
        order = [*range(here, len(pages)), *range(here + 1)]
        if backwards:
            order = [*range(here, -1, -1), *range(len(pages) - 1, here - 1, -1)]
        for place, index in enumerate(order):
            for block in reversed(self._of(pages[index])) if backwards else self._of(pages[index]):
                ahead = block.id > point.id if backwards else block.id < point.id
                if place == 0 and not ahead:
                    yield block, False
                elif place == len(order) - 1 and (ahead or block.id == point.id):
                    yield block, True
                elif 0 < place < len(order) - 1:
                    yield block, False

    def _of(self, page: Page) -> list[Block]:
        if page.blocks is None and self.archive is not None and not self.archive.holds(page, self._written):
            return []
        return self.layout.document.load(page)
