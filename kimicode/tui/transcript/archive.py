"""A document and the journal of its session: where its pages stand, and how they come back."""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kimicode.errors import DiskError
from kimicode.events import FilesRestored
from kimicode.sessions import tail
from kimicode.sessions.tail import Mark
from kimicode.tui.content import Content, Note
from kimicode.tui.transcript.document import Document, Page, Span
from kimicode.tui.transcript.feed import Feed

FIRST_PAGES = 40
"""Turns and steps that a resumed session shows at once; the others are found in the background."""
WAITING = 32
"""New pages whose places are looked up together, so that none of these looks takes long."""

_RESTORED = f'"type":"{FilesRestored.type}"'.encode()
_MARKED = 80  # the type of a record stands within its first bytes


class Archive:
    """Reads what a document does not hold. `journal` is a session's folder or its journal.

    A new session: make it when the session is open. A resumed one: call `resume` before anything else is fed, then
    `index` in a thread and hand what it returns to `prepend`.
    """

    def __init__(self, document: Document, journal: Path) -> None:
        self._document = document
        self._journal = journal
        self._located = 0
        """The offset up to which pages have their places."""
        self._begin = 0
        document.restore = self._restore

    def resume(self, feed: Feed, pages: int = FIRST_PAGES) -> None:
        """Show the journal's last pages. Raises DiskError."""
        found = tail.recent(self._journal, pages)
        starts = [mark.start for mark in found if mark.kind != "rewound"]
        skipped = max(0, len(starts) - pages) if all(mark.kind != "rewound" for mark in found) else 0
        self._begin = self._located = starts[skipped] if starts else 0
        self._read(feed, self._begin, None)

    def index(self) -> list[Span]:
        """Where all earlier pages stand. Raises DiskError. Touches nothing, so it may run in a thread."""
        found: list[Span] = []
        opened: Span | None = None
        for mark in [*tail.marks(self._journal, 0, self._begin), Mark(self._begin, "rewound", "")]:
            start = self._way_back(opened, mark) if opened and mark.kind == "rewound" and mark.turn else mark.start
            if opened is not None and start > opened.start:
                found.append(opened._replace(end=start))
            turns = [span.turn for span in found] if mark.kind == "rewound" and mark.turn else []
            if mark.turn in turns:
                del found[len(turns) - 1 - turns[::-1].index(mark.turn) :]
            opened = Span(start, start, mark.turn if mark.kind == "turn" else "")
        return found

    def _way_back(self, page: Span, mark: Mark) -> int:
        """Where a way back begins: with the record of the files that went back, which stands right before its own."""
        last = deque(tail.lines_of(self._journal, page.start, mark.start), maxlen=1)
        return last[0][0] if last and _RESTORED in last[0][1][:_MARKED] else mark.start

    def prepend(self, spans: list[Span]) -> None:
        """Put the earlier pages, as `index` found them, ahead of the document's."""
        if spans:
            self._document.prepend(spans)

    def locate(self) -> None:
        """Find the places of pages that came since. Raises DiskError."""
        waiting = self._document.unlocated
        if len(waiting) < 2:
            return
        marks = (mark for mark in tail.marks(self._journal, self._located) if mark.kind != "rewound")
        before: Page | None = None
        for page, mark in zip(list(waiting), marks, strict=False):
            page.start = mark.start
            if before is not None:
                before.end = mark.start
                waiting.pop(0)
            before = page
            self._located = mark.start

    def trim(self, first: int, last: int) -> None:
        """Drop from memory what is far from the pages at these positions, if it is too much.

        While the journal cannot be read, nothing is dropped.
        """
        full = self._document.weight > self._document.limit
        if full or len(self._document.unlocated) >= WAITING:
            with suppress(DiskError):
                self.locate()
                self._document.trim(first, last)

    def holds(self, page: Page, pattern: re.Pattern[bytes]) -> bool:
        """Whether the records of a dropped page match; True as well where they cannot be read, to say so there."""
        if page.start is None:
            return False
        try:
            return any(pattern.search(line) for _, line in tail.lines_of(self._journal, page.start, page.end))
        except DiskError:
            return True

    def _restore(self, page: Page) -> Iterator[Content]:
        """The contents of a dropped page. Where the journal cannot be read, a note says so."""
        if page.start is None:
            return
        read = Document()
        feed = Feed(read)
        try:
            self._read(feed, page.start, page.end)
        except DiskError as error:
            read.append(Note("error", str(error)), recorded=True)
        for part in read.pages:
            yield from (block.content for block in part.blocks or ())

    def _read(self, feed: Feed, start: int, end: int | None) -> None:
        last = 0.0
        for record in tail.records(self._journal, start, end):
            feed.feed(record.event, record.time)
            last = record.time
        feed.settle(last)
