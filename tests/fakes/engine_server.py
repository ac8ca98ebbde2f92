"""A real engine server on loopback, its model scripted or a tiny checkpoint's, and requests down to the bytes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.config import read_config
from kimicode_engine.limits import Limits
from kimicode_engine.runner import Runner
from kimicode_engine.scripted import ScriptedRunner, in_turn
from kimicode_engine.server.app import create_app
from kimicode_engine.server.listener import Listener, bind
from kimicode_engine.server.loading import Loaded
from kimicode_engine.server.reply import BEAT_SECONDS
from kimicode_engine.server.service import Service
from kimicode_engine.server.worker import Worker
from kimicode_engine.tokenizer import Tokenizer

KEY = "a-key-for-tests"


def tiny_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a tiny checkpoint that is written into `folder`."""
    write_tiny(folder)
    return Tokenizer.load(folder, read_config(folder))


def spoken(tokenizer: Tokenizer, *parts: str) -> list[int]:
    """Tokens of an answer: each part is a control token's name or text; `<|im_end|>` comes by itself."""
    ids: list[int] = []
    for part in parts:
        ids += [tokenizer.control[part]] if part in tokenizer.control else tokenizer.encode(part)
    return [*ids, tokenizer.control["<|im_end|>"]]


def saying(tokenizer: Tokenizer, *parts: str, delay: float = 0.0, pages: int = 64) -> ScriptedRunner:
    """A model that always gives this answer."""
    return ScriptedRunner(pages, tokenizer.vocab_size, in_turn(spoken(tokenizer, *parts)), delay=delay)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs, and how to reach it."""

    host: str
    port: int
    service: Service

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def worker(self) -> Worker:
        return self.service.worker

    def client(self, key: str = KEY, **options: Any) -> httpx2.AsyncClient:
        headers = {"authorization": f"Bearer {key}"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=20, **options)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port, limit=2**22)

    async def post(self, path: str, body: dict[str, Any]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A request whose answer nobody has read yet."""
        reader, writer = await self.connect()
        writer.write(request_bytes(path, body))
        await writer.drain()
        return reader, writer

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)

    async def until_free(self) -> None:
        """Nobody is open, and no page is in use."""
        await self.until(lambda: self.worker.open == 0)
        await self.until(lambda: not (self.worker.stats.running or self.worker.stats.waiting))
        assert self.worker.stats.pages_used == 0


@contextlib.asynccontextmanager
async def serving(
    tokenizer: Tokenizer,
    runner: Runner,
    *,
    key: str | None = KEY,
    hosts: tuple[str, ...] = (),
    beat: float = BEAT_SECONDS,
    **limits: Any,
) -> AsyncIterator[Running]:
    """A server on this event loop; it ends with the block."""
    given = Limits(**{"window": 2048, "pages": 64, **limits})
    service = Loaded(runner, tokenizer, given).service("tiny", created=1, beat_seconds=beat)
    listening = bind("127.0.0.1", 0)
    host, port = listening.getsockname()
    listener = Listener(create_app(service, key=key, hosts=hosts))
    service.worker.start()
    await listener.start(listening)
    try:
        yield Running(host, port, service)
    finally:
        if service.worker.alive:
            await service.worker.drain(0)
            await service.worker.stop()
        await listener.stop()


def request_bytes(path: str, body: dict[str, Any], *, key: str = KEY, headers: str = "") -> bytes:
    """A POST as it stands on the wire."""
    text = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n{headers}"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text


def chat(text: str = "Hello", **fields: Any) -> dict[str, Any]:
    """The body of a chat request without thinking."""
    return {"messages": [{"role": "user", "content": text}], "thinking": {"type": "disabled"}, **fields}


def contents(stream: str, choice: int = 0) -> str:
    """The text of one choice in a stream of chat chunks."""
    events = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: {")]
    choices = [one for event in events for one in json.loads(event)["choices"]]
    deltas = [one["delta"] for one in choices if one["index"] == choice]
    return "".join(delta.get("content") or "" for delta in deltas)
