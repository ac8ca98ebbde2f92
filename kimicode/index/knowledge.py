"""The index as a session asks it: questions, a map, and what makes them right: freshness, and a graph made behind."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeVar

from kimicode.errors import DiskError
from kimicode.index import graph
from kimicode.index.answer import Answer, Place, answer, by_pattern
from kimicode.index.database import DamagedIndex
from kimicode.index.graph import Graph
from kimicode.index.repomap import repository_map
from kimicode.index.search import Files
from kimicode.index.service import Index
from kimicode.index.store import Store

PATIENCE_S = 2.0
"""A question waits so long for the index to notice what changed; then it is answered from what is known."""

REST = 20.0
"""A new graph is made at the earliest after so many times as long as the last one took."""

GOODBYE_S = 1.0
"""A graph that is being made delays the end by no more; the thread dies with the process."""

T = TypeVar("T")


class Knowledge:
    """One per session. Questions run in threads, one at a time; none of them waits for a build or for the graph."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.root = index.root
        self._asking = threading.Lock()
        self._asked: Store | None = None
        self._files: Files | None = None
        self._graph: Graph | None = None
        self._making: threading.Thread | None = None
        self._maker: Store | None = None
        self._rested_at = 0.0

    async def search(self, query: str, *, below: str, regex: bool, seen: Collection[str]) -> tuple[Answer, bool]:
        """The answer, and whether the index was up to date. Raises ToolError, DamagedIndex, DiskError."""
        ask = by_pattern if regex else answer
        asked = partial(self._ask, lambda place: ask(place, query), below, seen)
        fresh = await self.index.ready(PATIENCE_S)
        try:
            return await asyncio.to_thread(asked), fresh
        except DamagedIndex:  # another one takes its place, which this wait begins
            fresh = await self.index.ready(PATIENCE_S)
            return await asyncio.to_thread(asked), fresh

    async def map(
        self, tokens: int, *, text: str = "", seen: Collection[str] = (), patience: float = PATIENCE_S, fewest: int = 0
    ) -> str:
        """The repository map with what `text` names in front; "" if the index is not up to date in time.

        Also for a tree of fewer than `fewest` files. Raises DamagedIndex, DiskError.
        """
        if not await self.index.ready(patience):
            return ""
        return await asyncio.to_thread(self._ask, lambda place: _map(place, tokens, text, fewest), "", seen)

    def close(self) -> None:
        """End what goes on; what was written stays."""
        making, maker = self._making, self._maker
        if maker:
            with contextlib.suppress(sqlite3.ProgrammingError):  # it was closed at this very moment
                maker.connection.interrupt()
        if making:
            making.join(GOODBYE_S)
        self.index.close()

    def _ask(self, question: Callable[[Place], T], below: str, seen: Collection[str]) -> T:
        with self._asking:
            store = self.index.store
            try:
                return question(Place(self.root, store, self._files_of(store), self._newest(store), below, seen))
            except DamagedIndex:
                self.index.mend(store)
                raise

    def _files_of(self, store: Store) -> Files:
        if store is not self._asked:  # generations are counted anew in another database
            self._asked, self._files, self._graph = store, None, None
        if self._files is None or self._files.generation != store.generation:
            self._files = Files.of(store)
        return self._files

    def _newest(self, store: Store) -> Graph:
        """The graph at hand. If the index has changed since, a thread makes another one for later questions."""
        if self._graph is None:
            self._graph = graph.load(store)
        outdated = self._graph.generation != store.generation
        if outdated and self._making is None and time.monotonic() >= self._rested_at:
            self._making = threading.Thread(target=self._make, name="kimicode-graph", daemon=True)
            self._making.start()
        return self._graph

    def _make(self) -> None:
        begun = time.monotonic()
        try:
            with contextlib.closing(Store.open(self.index.folder, self.root)) as self._maker:
                # a connection of its own, or questions would wait
                self._graph = graph.up_to_date(self._maker)
        except (DamagedIndex, DiskError):
            pass  # whoever asks next hears of it
        self._rested_at = time.monotonic() + REST * (time.monotonic() - begun)
        self._making = self._maker = None


def _map(place: Place, tokens: int, text: str, fewest: int) -> str:
    if len(place.files.paths) < fewest:
        return ""
    return repository_map(place.store, place.files, place.graph, tokens, seen=place.seen, text=text)
