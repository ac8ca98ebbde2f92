"""CPU time of the server per streamed token: engine step, sampling, JSON and HTTP, all threads, the model stubbed out.

`python engine/benchmarks/http_cost.py [--streams 1 64] [--tokens N] [--tiny] [--out FILE.json]`; `--tiny` computes a
tiny checkpoint instead of the stub. The server runs in a process of its own, clients are raw sockets in this one.
"""

import argparse
import asyncio
import datetime
import json
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.limits import Limits
from kimicode_engine.runner import Runner
from kimicode_engine.scripted import ScriptedRunner
from kimicode_engine.sequence import Part
from kimicode_engine.server.app import create_app
from kimicode_engine.server.console import Console
from kimicode_engine.server.listener import Listener, bind
from kimicode_engine.server.loading import Loaded, load
from kimicode_engine.server.options import parse
from kimicode_engine.server.serve import SWITCH_SECONDS

WINDOW, PAGES = 8192, 4096
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Figure:
    """One load. Times are of the server's process, in milliseconds of CPU."""

    streams: int
    delay: float | None
    """Seconds that the stubbed model takes for a step; None: a tiny checkpoint was computed."""
    tokens: int
    cpu_ms_per_token: float
    cpu_ms_per_step: float
    tokens_per_second: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each number of streams, with a model that takes `delay` seconds a step; print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--tokens", type=int, default=400, help="of each stream")
    parser.add_argument("--delay", type=float, default=0.002, help="seconds that the stubbed model takes for a step")
    parser.add_argument("--tiny", action="store_true", help="compute a tiny random checkpoint instead of the stub")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    sys.stdout.write(f"{'streams':>8}{'tokens':>9}{'CPU ms/token':>15}{'CPU ms/step':>14}{'tokens/s':>11}\n")
    figures = [measure(streams, given.tokens, None if given.tiny else given.delay) for streams in given.streams]
    for one in figures:
        sys.stdout.write(
            f"{one.streams:>8}{one.tokens:>9}{one.cpu_ms_per_token:>15.3f}"
            f"{one.cpu_ms_per_step:>14.3f}{one.tokens_per_second:>11.0f}\n"
        )
    ratio = figures[-1].tokens_per_second / figures[0].tokens_per_second
    sys.stdout.write(f"{figures[-1].streams} streams together are {ratio:.1f} times as fast as {figures[0].streams}\n")
    if given.out:
        machine = {"cpu": platform.processor() or platform.machine(), "python": platform.python_version()}
        day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        about = {**machine, "torch": torch.__version__, "date": day}
        given.out.write_text(json.dumps({**about, "figures": [asdict(one) for one in figures]}, indent=2) + "\n")
    return 0


def measure(streams: int, tokens: int, delay: float | None) -> Figure:
    """Serve in a child process, read `streams` answers at once, and ask the child what that took."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there, delay), daemon=True)
    server.start()
    port = here.recv()
    asyncio.run(together(port, streams, 20))
    cpu, steps = ask(here)
    started = time.perf_counter()
    asyncio.run(together(port, streams, tokens))
    seconds = time.perf_counter() - started
    cpu_after, steps_after = ask(here)
    here.send(None)
    server.join()
    spent, total = (cpu_after - cpu) * 1000, streams * tokens
    return Figure(streams, delay, total, spent / total, spent / (steps_after - steps), total / seconds)


def ask(server: Connection) -> tuple[float, int]:
    """CPU seconds and steps of the server so far."""
    server.send("")
    cpu, steps = server.recv()
    return cpu, steps


async def together(port: int, streams: int, tokens: int) -> None:
    """Read so many answers at once, each to its end."""
    await asyncio.gather(*(read(port, number, tokens) for number in range(streams)))


async def read(port: int, number: int, tokens: int) -> None:
    """One answer as a client that does nothing with it."""
    body = json.dumps(
        {
            "messages": [{"role": "user", "content": f"question {number}"}],
            "stream": True,
            "ignore_eos": True,
            "max_tokens": tokens,
            "temperature": 0,
        }
    )
    reader, writer = await asyncio.open_connection(HOST, port, limit=2**20)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    await reader.readuntil(b"data: [DONE]")
    writer.close()


def serve(owner: Connection, delay: float | None) -> None:
    """The child: a server. Answers questions about its CPU time."""
    asyncio.run(_serve(owner, delay))


class Counted:
    """A runner that counts its steps."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.vocab_size = runner.vocab_size
        self.draw = runner.draw
        self.steps = 0

    def run(self, parts: Sequence[Part]) -> torch.Tensor:
        """See Runner."""
        self.steps += 1
        return self._runner.run(parts)


def loaded(delay: float | None) -> Loaded:
    """A tiny checkpoint; or in its place a model that says one word for ever and takes `delay` seconds for it."""
    with tempfile.TemporaryDirectory() as folder:
        write_tiny(Path(folder), window=WINDOW)
        real = load(parse(["--checkpoint", folder, "--no-api-key"]), Console(sys.stderr, quiet=True))
    if delay is None:
        return real
    word = real.tokenizer.encode("a")[0]
    stub = ScriptedRunner(PAGES, real.tokenizer.vocab_size, lambda _, context: word, verify=False, delay=delay)
    return Loaded(stub, real.tokenizer, Limits(WINDOW, PAGES))


async def _serve(owner: Connection, delay: float | None) -> None:
    sys.setswitchinterval(SWITCH_SECONDS)
    served = loaded(delay)
    runner = Counted(served.runner)
    service = replace(served, runner=runner).service("model", created=0)
    listening = bind(HOST, 0)
    listener = Listener(create_app(service, key=None))
    service.worker.start()
    await listener.start(listening)
    owner.send(listening.getsockname()[1])
    while await asyncio.to_thread(owner.recv) is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        owner.send((used.ru_utime + used.ru_stime, runner.steps))
    await service.worker.stop()
    await listener.stop()


if __name__ == "__main__":
    sys.exit(main())
