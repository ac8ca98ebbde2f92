"""The scripted model: an OpenAI-compatible server on 127.0.0.1 that plays prepared replies over real HTTP.

For tests, demonstrations and recordings: `python -m kimicode.llm.scripted SCRIPT.json [--port N]`.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kimicode.errors import DiskError, UsageError
from kimicode.messages import Usage

Json = dict[str, Any]
SLICE = 12
USAGE = Usage(input_tokens=100, output_tokens=20)
HEAD = "HTTP/1.1 {status} {reason}\r\ncontent-type: {kind}\r\nconnection: close\r\n{headers}\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """One prepared answer. A call's arguments may be a text, well-formed or not; `delay` is in seconds per event.

    `chunk` is the number of characters that an event brings.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[tuple[str, Json | str], ...] | list[tuple[str, Json | str]] = ()
    usage: Usage | None = USAGE
    finish_reason: str = ""
    delay: float = 0.0
    chunk: int = SLICE


Turn = Reply | Callable[[Json], Reply]


class ScriptedServer:
    """Plays `turns` in order, one per chat request, within `async with`; the last request of each is in `requests`."""

    def __init__(self, turns: Iterable[Any], *, port: int = 0, models: Iterable[Json] = ({"id": "scripted"},)) -> None:
        self.requests: list[Json] = []
        self._turns = list(turns)
        self._port = port
        self._models = list(models)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def base_url(self) -> str:
        """What a client is given, `/v1` included."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        if self._server is not None:
            await self._server.serve_forever()

    async def play(self, turn: Any, request: Json, writer: asyncio.StreamWriter) -> None:
        """Answer one chat request; a subclass may know other kinds of turns."""
        reply = turn if isinstance(turn, Reply) else turn(request)
        writer.write(head(200, "text/event-stream"))
        for chunk in chunks_of(reply, call_number=_calls_so_far(request)):
            writer.write(event(chunk))
            await writer.drain()
            if reply.delay:
                await asyncio.sleep(reply.delay)
        writer.write(b"data: [DONE]\n\n")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._answer(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the server is being closed
        finally:
            writer.close()
            self._connections.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = lines[0].split(" ")[1]
        if path.endswith("/models"):
            writer.write(head(200, "application/json") + json.dumps({"data": self._models}).encode())
        elif not path.endswith("/chat/completions"):
            writer.write(refusal(404, f"no such path: {path}"))
        else:
            self.requests.append(json.loads(body))
            if len(self.requests) > len(self._turns):
                writer.write(refusal(400, f"the script is over after {len(self._turns)} replies"))
            else:
                await self.play(self._turns[len(self.requests) - 1], self.requests[-1], writer)


def head(status: int, kind: str, headers: str = "") -> bytes:
    """The head of an HTTP answer; `headers` are further lines, each with its CR LF."""
    reason = {200: "OK", 400: "Bad Request", 404: "Not Found"}.get(status, "Error")
    return HEAD.format(status=status, reason=reason, kind=kind, headers=headers).encode()


def refusal(status: int, message: str, headers: str = "", /, **fields: Any) -> bytes:
    """A whole HTTP answer that says no."""
    return head(status, "application/json", headers) + json.dumps({"error": {"message": message, **fields}}).encode()


def event(chunk: Json) -> bytes:
    """A chunk as a server-sent event."""
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def chunks_of(reply: Reply, call_number: int = 0) -> Iterator[Json]:
    """The chunks of a reply as servers cut them; `call_number` continues the conversation's numbering of calls."""
    yield _chunk({"role": "assistant", "content": ""})
    for start in range(0, len(reply.thinking), reply.chunk):
        yield _chunk({"reasoning_content": reply.thinking[start : start + reply.chunk]})
    for start in range(0, len(reply.text), reply.chunk):
        yield _chunk({"content": reply.text[start : start + reply.chunk]})
    for index, (name, arguments) in enumerate(reply.calls):
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        opening = {"id": f"functions.{name}:{call_number + index}", "type": "function"}
        yield _call_chunk(index, opening | {"function": {"name": name, "arguments": ""}})
        for start in range(0, len(text), reply.chunk):
            yield _call_chunk(index, {"function": {"arguments": text[start : start + reply.chunk]}})
    yield _chunk({}, reply.finish_reason or ("tool_calls" if reply.calls else "stop"))
    if reply.usage is not None:
        yield {**_chunk({}), "choices": [], "usage": _usage(reply.usage)}


def load_script(path: Path) -> list[Reply]:
    """Replies from a JSON file: a list of objects with Reply's fields, calls as {"name": …, "arguments": …}.

    Raises DiskError or UsageError.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    try:
        return [_reply(entry) for entry in entries]
    except (TypeError, KeyError, ValueError) as error:
        raise UsageError(
            f"{path} is not a script: {error}", hint='Expected: [{"text": "…", "calls": […]}, …]'
        ) from error


def _reply(entry: Json) -> Reply:
    fields = dict(entry)
    fields["calls"] = tuple((call["name"], call.get("arguments", {})) for call in fields.get("calls", ()))
    if fields.get("usage") is not None:
        fields["usage"] = Usage(**fields["usage"])
    return Reply(**fields)


def _chunk(delta: Json, finish_reason: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": [choice]}


def _call_chunk(index: int, call: Json) -> Json:
    return _chunk({"tool_calls": [{"index": index, **call}]})


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _calls_so_far(request: Json) -> int:
    return sum(len(message.get("tool_calls") or ()) for message in request.get("messages", ()))


async def _main(path: Path, port: int) -> None:
    async with ScriptedServer(load_script(path), port=port) as server:
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()
        await server.serve_forever()


def main() -> None:
    """The command line: serve a script until interrupted."""
    import argparse
    import contextlib

    parser = argparse.ArgumentParser(prog="python -m kimicode.llm.scripted", description="Serve a scripted model.")
    parser.add_argument("script", type=Path)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(arguments.script, arguments.port))


if __name__ == "__main__":
    main()
