"""Where the deltas of one HTTP answer wait until its reader takes them.

Lives on the event loop alone. Deltas that a slow reader leaves behind merge into one, so that nothing queues up."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from kimicode_engine.errors import RequestError
from kimicode_engine.output import Content, Delta, Piece, Reasoning, ToolCallArguments, ToolCallStart

BEAT_SECONDS = 5.0
"""A reader that got nothing for one to two beats is woken with nothing, and sends a sign of life."""
MERGE_AFTER = 32


class ReaderGone(Exception):
    """The client closed its connection: nobody reads this answer."""


class Reply:
    """The mailbox of one HTTP request with `choices` answers; `cancel` is called once if the reader leaves early."""

    __slots__ = (
        "_beat",
        "_beat_seconds",
        "_cancel",
        "_failure",
        "_pending",
        "_quiet",
        "_running",
        "_waiter",
        "_wants_all",
    )

    def __init__(self, choices: int, cancel: Callable[[], None], beat_seconds: float = BEAT_SECONDS) -> None:
        self._pending: dict[int, list[Delta]] = {}
        self._running = choices
        self._cancel = cancel
        self._beat_seconds = beat_seconds
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._wants_all = False
        self._quiet = False
        self._beat: asyncio.TimerHandle | None = None

    @property
    def finished(self) -> bool:
        """Whether every choice has had its last delta and all of them were taken."""
        return self._running == 0 and not self._pending

    def put(self, choice: int, delta: Delta) -> None:
        """Add what a step produced for one choice. Ignored once the reader has gone."""
        if self._failure:
            return
        waiting = self._pending.setdefault(choice, [])
        waiting.append(delta)
        if len(waiting) > MERGE_AFTER:
            waiting[:] = [merge(waiting)]
        if delta.finish:
            self._running -= 1
        if not self._wants_all or self._running == 0:
            self._wake()

    def fail(self, error: RequestError) -> None:
        """End the answer with an error that the reader sees once."""
        self._close(error)

    def abandon(self) -> None:
        """The reader is gone: cancel what still runs. Harmless when the answer is complete."""
        if self._running and not self._failure:
            self._cancel()
        self._close(ReaderGone())

    async def take(self) -> list[tuple[int, Delta]]:
        """What came for which choice since the last call; nothing after a silence. Raises RequestError, ReaderGone."""
        if not self._pending and not self._failure:
            self._start_beat()
            await self._wait()
        return self._collect()

    async def rest(self) -> list[tuple[int, Delta]]:
        """Everything to the end, one delta for each choice. Raises RequestError, ReaderGone."""
        self._wants_all = True
        while self._running and not self._failure:
            await self._wait()
        return self._collect()

    def _collect(self) -> list[tuple[int, Delta]]:
        if self._failure:
            raise self._failure
        taken, self._pending = self._pending, {}
        self._quiet = False
        return [(choice, merge(deltas)) for choice, deltas in taken.items()]

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _close(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._pending.clear()
        if self._beat:
            self._beat.cancel()
        self._wake()

    def _start_beat(self) -> None:
        # One timer for the whole answer instead of a timeout on each wait: timers cost more than a token may.
        if self._beat is None:
            self._beat = asyncio.get_running_loop().call_later(self._beat_seconds, self._on_beat)

    def _on_beat(self) -> None:
        self._beat = None
        if self.finished:
            return
        if self._quiet:
            self._wake()
        self._quiet = True
        self._start_beat()


def merge(deltas: list[Delta]) -> Delta:
    """Consecutive deltas of one answer as one, neighbouring texts of the same kind joined."""
    if len(deltas) == 1:
        return deltas[0]
    last = deltas[-1]
    return Delta(
        pieces=tuple(_joined(piece for delta in deltas for piece in delta.pieces)),
        tokens=tuple(token for delta in deltas for token in delta.tokens),
        logprobs=tuple(logprob for delta in deltas for logprob in delta.logprobs),
        usage=last.usage,
        finish=last.finish,
        stop=last.stop,
        error=last.error,
    )


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for (kind, index), group in groupby(pieces, key=_kind):
        if kind is ToolCallStart:
            yield from group
            continue
        text = "".join(piece.text for piece in group if not isinstance(piece, ToolCallStart))
        if kind is ToolCallArguments:
            yield ToolCallArguments(index, text)
        else:
            yield Content(text) if kind is Content else Reasoning(text)


def _kind(piece: Piece) -> tuple[type[Piece], int]:
    return type(piece), getattr(piece, "index", -1)
