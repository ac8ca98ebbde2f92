"""Bytes between a program in the sandbox and a host: all of a tunnel, or one request and its answer."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import h11

IDLE_S = 600.0
_LAST_S = 2.0
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send, and wait while the other end is slow. Raises OSError where it is gone."""
        self.writer.write(data)
        await self.writer.drain()

    async def say_last(self, data: bytes) -> None:
        """Send, and hear what is still coming for a moment: closed earlier, the other end would lose the answer."""
        await self.send(data)
        self.writer.write_eof()
        async with asyncio.timeout(_LAST_S):
            while await self.reader.read(_PIECE):
                pass

    async def close(self) -> None:
        """Send what is still to be sent, and close. Raises OSError where the other end takes nothing any more."""
        self.writer.close()
        async with asyncio.timeout(_LAST_S):
            await self.writer.wait_closed()


async def tunnel(client: Line, host: Line, first: bytes) -> None:
    """Until both ends have said all, or one is gone. `first` is what the client sent too early."""
    if first:
        await host.send(first)
    async with asyncio.timeout(IDLE_S) as idle:
        alive = _postponer(idle)
        await _both(_pump(client, host, alive), _pump(host, client, alive), asyncio.FIRST_EXCEPTION)


async def forward(parsed: h11.Connection, request: h11.Request, client: Line, host: Line) -> None:
    """One request with its body, and its answer; whatever the client sends behind it goes nowhere."""
    writing = h11.Connection(h11.CLIENT)
    await host.send(writing.send(request) or b"")
    async with asyncio.timeout(IDLE_S) as idle:
        alive = _postponer(idle)
        upload = _upload(parsed, writing, client, host, alive)
        await _both(upload, _pump(host, client, alive), asyncio.FIRST_COMPLETED)


async def _upload(
    parsed: h11.Connection, writing: h11.Connection, client: Line, host: Line, alive: Callable[[], None]
) -> None:
    """The body, then until the client is gone. Raises RemoteProtocolError for a body that is none."""
    while not isinstance(event := parsed.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            await host.send(writing.send(event) or b"")
        else:
            parsed.receive_data(await client.reader.read(_PIECE))
        alive()
    await host.send(writing.send(h11.EndOfMessage()) or b"")
    while await client.reader.read(_PIECE):
        pass


async def _pump(source: Line, target: Line, alive: Callable[[], None]) -> None:
    while data := await source.reader.read(_PIECE):
        await target.send(data)
        alive()
    if target.writer.can_write_eof():
        target.writer.write_eof()


def _postponer(idle: asyncio.Timeout) -> Callable[[], None]:
    loop = asyncio.get_running_loop()
    return lambda: idle.reschedule(loop.time() + IDLE_S)


async def _both(one: Coroutine[Any, Any, None], other: Coroutine[Any, Any, None], until: str) -> None:
    """Run both. An end that breaks is the end of the connection, like any other."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, return_when=until)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
