"""From a Reply to HTTP: as a stream of server-sent events, or whole. A client that leaves cancels its answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kimicode_engine.errors import RequestError
from kimicode_engine.output import Delta, FinishReason
from kimicode_engine.server.reply import ReaderGone, Reply

PING = b": ping\n\n"
CLIENT_GONE = 499
"""nginx's status for a client that left; only the metrics see it."""
HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache"),
        (b"x-accel-buffering", b"no"),
    ],
}


class Fold(Protocol):
    """Deltas to the bytes of one dialect: OpenAI's chat and completions, Anthropic's messages."""

    def start(self) -> bytes:
        """What opens the stream."""

    def feed(self, choice: int, delta: Delta) -> bytes:
        """The events of one delta; may be none."""

    def finish(self) -> bytes:
        """What closes the stream, after each choice's last delta."""

    def error(self, error: RequestError) -> bytes:
        """The event that ends a stream which cannot go on."""

    def response(self) -> bytes:
        """All that was fed as the JSON of one response."""


class EventStream:
    """An ASGI response. Its status waits for the first delta or the first sign of life, so that it can be an error."""

    def __init__(self, reply: Reply, fold: Fold) -> None:
        self._reply = reply
        self._fold = fold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the last delta. Raises RequestError if the answer fails before anything was sent."""
        reply, fold = self._reply, self._fold
        with contextlib.suppress(ReaderGone):
            async with watched(reply, receive):
                taken = await reply.take()
                _raise_failure(delta for _, delta in taken if not delta.pieces)
                await send(HEAD)
                try:
                    last = await self._body(taken, send)
                except RequestError as error:
                    last = fold.error(error)
                await send({"type": "http.response.body", "body": last, "more_body": False})

    async def _body(self, taken: list[tuple[int, Delta]], send: Send) -> bytes:
        """Send all but the last events, which are returned."""
        reply, fold = self._reply, self._fold
        events = fold.start()
        while True:
            events += b"".join([fold.feed(choice, delta) for choice, delta in taken])
            if reply.finished:
                return events + fold.finish()
            if events or not taken:
                await send({"type": "http.response.body", "body": events or PING, "more_body": True})
            events = b""
            taken = await reply.take()


async def whole(reply: Reply, fold: Fold, receive: Receive) -> Response:
    """Wait for all choices. Raises RequestError if one of them failed."""
    try:
        async with watched(reply, receive):
            taken = await reply.rest()
    except ReaderGone:
        return Response(status_code=CLIENT_GONE)
    _raise_failure(delta for _, delta in taken)
    for choice, delta in taken:
        fold.feed(choice, delta)
    return Response(fold.response(), media_type="application/json")


@asynccontextmanager
async def watched(reply: Reply, receive: Receive) -> AsyncIterator[None]:
    """While inside, a client that disconnects abandons the reply; so does leaving for any other reason."""
    watch = asyncio.create_task(_until_gone(receive))
    watch.add_done_callback(lambda _: reply.abandon())
    try:
        yield
    finally:
        watch.cancel()
        reply.abandon()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _raise_failure(deltas: Iterable[Delta]) -> None:
    for delta in deltas:
        if delta.finish is FinishReason.ERROR:
            raise RequestError(delta.error or "the answer failed", code="engine_error", status=500)
