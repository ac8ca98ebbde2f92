"""A model server that misbehaves on request: each scripted turn may be a reply or one of the faults below.

A fault is a coroutine function (request, writer) -> None that writes to the real socket whatever it likes.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from kimicode.llm.scripted import Reply, ScriptedServer, chunks_of, event, head, refusal

Fault = Callable[[dict[str, Any], asyncio.StreamWriter], Awaitable[None]]
DONE = b"data: [DONE]\n\n"
FOREVER = 3600.0


class FaultServer(ScriptedServer):
    """Plays replies and faults in order."""

    async def play(self, turn: Any, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        outcome = None if isinstance(turn, Reply) else turn(request, writer) if _is_fault(turn) else turn(request)
        if asyncio.iscoroutine(outcome):
            await outcome
        else:
            await super().play(outcome or turn, request, writer)


def _is_fault(turn: Any) -> bool:
    return asyncio.iscoroutinefunction(turn)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stream(*chunks: dict[str, Any] | bytes, kind: str = "text/event-stream", done: bool = True) -> Fault:
    """A stream of exactly these chunks; bytes go out as they are."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, kind))
        for chunk in chunks:
            writer.write(chunk if isinstance(chunk, bytes) else event(chunk))
            await writer.drain()
        writer.write(DONE if done else b"")

    return fault


def delta(finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    """A chunk with this delta."""
    return {"id": "x", "choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]}


def call(index: int | None, call_id: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    """A chunk with one fragment of a tool call; None leaves a field out."""
    function = {k: v for k, v in {"name": name, "arguments": arguments}.items() if v is not None}
    fragment = {k: v for k, v in {"index": index, "id": call_id}.items() if v is not None}
    return delta(tool_calls=[{**fragment, "function": function}])


def status(code: int, message: str = "no", headers: str = "", /, **fields: Any) -> Fault:
    """A refusal with a JSON body."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(refusal(code, message, headers, **fields))

    return fault


def html(code: int = 200) -> Fault:
    """A web page where an answer should be."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(head(code, "text/html") + b"<!DOCTYPE html><html><body>Log in</body></html>")

    return fault


def reset(*before: dict[str, Any] | bytes, headers: bool = True) -> Fault:
    """A connection reset: before the headers, right after them, or after some chunks."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if headers:
            writer.write(head(200, "text/event-stream"))
        for chunk in before:
            writer.write(chunk if isinstance(chunk, bytes) else event(chunk))
        await writer.drain()
        await asyncio.sleep(0.02)  # let the client read first: a reset discards what it has not
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    return fault


def cut(*before: dict[str, Any] | bytes, chunked: bool = False) -> Fault:
    """A stream that ends in good manners but too early; `chunked` ends it without the closing HTTP chunk."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, "text/event-stream", "transfer-encoding: chunked\r\n" if chunked else ""))
        for chunk in before:
            data = chunk if isinstance(chunk, bytes) else event(chunk)
            writer.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)

    return fault


def stall(*before: dict[str, Any] | bytes, headers: bool = True) -> Fault:
    """Silence: the connection stays open and nothing more comes."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if headers:
            writer.write(head(200, "text/event-stream"))
        for chunk in before:
            writer.write(chunk if isinstance(chunk, bytes) else event(chunk))
        await writer.drain()
        await asyncio.sleep(FOREVER)

    return fault


def drip(reply: Reply, *, size: int, pause: float) -> Fault:
    """A reply in packets of `size` bytes with a `pause` between them; they split lines and characters."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        data = b"".join(raw_event(chunk) for chunk in chunks_of(reply)) + DONE
        writer.write(head(200, "text/event-stream"))
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
            await writer.drain()
            await asyncio.sleep(pause)

    return fault


def raw_event(chunk: dict[str, Any], end: bytes = b"\n") -> bytes:
    """A chunk as an event in plain UTF-8, with lines that end as told."""
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + end * 2


def keep_alives(reply: Reply, *, count: int, pause: float) -> Fault:
    """Comments that say nothing for a while, then the reply."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, "text/event-stream"))
        for _ in range(count):
            writer.write(b": still thinking\n\n")
            await writer.drain()
            await asyncio.sleep(pause)
        for chunk in chunks_of(reply):
            writer.write(event(chunk))
        writer.write(DONE)

    return fault


def endless(chunk: dict[str, Any], gone: asyncio.Event | None = None) -> Fault:
    """The same chunk again and again until the client hangs up; then `gone` is set."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, "text/event-stream"))
        try:
            while True:
                writer.write(event(chunk))
                await writer.drain()
                await asyncio.sleep(0)
        finally:
            if gone is not None:
                gone.set()

    return fault


def strict(refused: Iterable[str], then: Reply) -> Callable[[dict[str, Any]], Any]:
    """A server that answers 400 while the request has a field it does not know."""

    async def fault(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        known = [field for field in refused if field in request]
        if known:
            writer.write(refusal(400, f"Unknown parameter: '{known[0]}'"))
            return
        writer.write(head(200, "text/event-stream"))
        for chunk in chunks_of(then):
            writer.write(event(chunk))
        writer.write(DONE)

    return fault  # type: ignore[return-value]
