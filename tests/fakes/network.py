"""Hosts for tests: names that lead where the test says, and servers on loopback that say what the test gives them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from kimicode.workspace.network.addresses import Resolver

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LOOPBACK = ("127.0.0.1",)


class Names:
    """A resolver: each name has its answers, one after the other, the last one for good. It remembers who asked."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._answers = {name: list(each) for name, each in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        self.asked.append(name)
        if name not in self._answers:
            raise OSError("no such name")
        answers = self._answers[name]
        return answers.pop(0) if len(answers) > 1 else answers[0]


def leading_here(*names: str) -> Resolver:
    """These names are loopback, and loopback counts as public."""
    return Resolver(Names({name: [LOOPBACK] for name in names}), lambda address: True)


@contextlib.asynccontextmanager
async def server(serve: Serve, ssl=None) -> AsyncIterator[int]:
    """Its port. A client that leaves early is none of its worries."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.transport.abort()

    async def close_after(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        visits.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await attend(reader, writer)

    visits: set[asyncio.Task[None]] = set()
    listening = await asyncio.start_server(close_after, "127.0.0.1", 0, ssl=ssl)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)


def saying(answer: bytes, heard: list[bytes] | None = None) -> Serve:
    """A server that reads the head of a request, gives one answer, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(head)
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return serve


def page(body: bytes, kind: str = "text/html", *headers: str) -> bytes:
    """A whole answer."""
    lines = ("HTTP/1.1 200 OK", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
