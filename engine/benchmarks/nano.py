"""What a model of kimi-nano's shape costs on a CPU: a cold start, the first token, prompts and answers.

`python engine/benchmarks/nano.py [--contexts 1500 3000 6000] [--tokens N] [--out FILE.json]` writes a random checkpoint
in K2.6's format and starts the server as a process. CPU seconds of that process stand beside the clock: other programs
slow the clock more than them."""

import argparse
import datetime
import http.client
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice, product
from pathlib import Path
from urllib.parse import urlsplit

import torch

from kimicode_engine.checkpoint.tiny import write_tiny

SIZES = {
    "wrapped": False, "yarn": False, "hidden_size": 512, "layers": 9, "heads": 8, "window": 8192, "q_lora_rank": 192,
    "kv_lora_rank": 128, "qk_nope_head_dim": 32, "qk_rope_head_dim": 32, "v_head_dim": 64, "intermediate_size": 1024,
    "moe_intermediate_size": 128, "experts": 18, "experts_per_token": 4, "shared_experts": 1, "routed_scaling": 2.0,
}  # fmt: skip
"""42 million parameters, 28 of them in INT4 experts; 15 million compute a token."""
LEARNT = 3840
"""Tokens beyond the bytes; 4,352 with them and the control tokens."""
FIRST_PROMPT = 1024
"""Tokens that the agent's first request has with kimi-nano's vocabulary, tools and system prompt included."""
LETTERS = b" etaoinshrdlucmfwypvbgk"
STARTING_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Start:
    """From the start of the process, in seconds."""

    ready: float
    first_token: float
    """Of a prompt of FIRST_PROMPT tokens that is asked at once."""
    cpu: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One answer to a prompt of `context` random tokens that nothing in the cache begins like."""

    context: int
    first_token_seconds: float
    prompt_tokens_per_second: float
    prompt_cpu_seconds: float
    tokens_per_second: float
    cpu_ms_per_token: float


class Server:
    """A running engine, asked over HTTP."""

    def __init__(self, process: subprocess.Popen[bytes], base_url: str) -> None:
        self.process = process
        self.netloc = urlsplit(base_url).netloc

    def cpu(self) -> float:
        """Seconds that all its threads computed so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_bytes(self) -> int:
        """The most memory that it ever had resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

    def answer(self, prompt: Sequence[int], tokens: int) -> Iterator[tuple[float, float]]:
        """Clock and CPU seconds at each piece of an answer."""
        body = {"prompt": list(prompt), "max_tokens": tokens, "stream": True, "ignore_eos": True, "temperature": 0}
        connection = http.client.HTTPConnection(self.netloc, timeout=600)
        connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise SystemExit(f"the engine answered {response.status}: {response.read(500)!r}")
        for line in response:
            if line.startswith(b"data: {"):
                yield time.perf_counter(), self.cpu()
        connection.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; print a table, write JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--contexts", type=int, nargs="+", default=[1500, 3000, 6000])
    parser.add_argument("--tokens", type=int, default=100, help="of each answer")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_nano(folder)
        load_before = os.getloadavg()[0]
        started = time.perf_counter()
        with running(folder) as server:
            start = first(server, started)
            say(f"ready after {start.ready:.2f} s, first token at {start.first_token:.2f} s, {start.cpu:.2f} s of CPU")
            say(f"{'context':>8}{'first token s':>15}{'in tok/s':>10}{'CPU s':>8}{'out tok/s':>11}{'CPU ms/token':>14}")
            figures = [measure(server, context, given.tokens) for context in given.contexts]
            peak = server.peak_bytes()
        say(f"at most {peak / 1e6:.0f} MB of memory; load of the machine {load_before:.1f} to {os.getloadavg()[0]:.1f}")
    if given.out:
        told = {"load": load_before, "peak_mb": round(peak / 1e6), "start": asdict(start)}
        rows = [asdict(figure) for figure in figures]
        given.out.write_text(json.dumps({**about(), **told, "figures": rows}, indent=2) + "\n")
    return 0


def write_nano(folder: Path) -> None:
    """A random checkpoint of SIZES, with a vocabulary of many short tokens."""
    spelled = (bytes(letters) for length in (2, 3, 4) for letters in product(LETTERS, repeat=length))
    write_tiny(folder, learnt=list(islice(spelled, LEARNT)), **SIZES)


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server of the checkpoint, ready; stopped afterwards."""
    state = folder / "state.json"
    options = ["--checkpoint", str(folder), "--port", "0", "--state-file", str(state), "--no-api-key", "--quiet"]
    process = subprocess.Popen([sys.executable, "-m", "kimicode_engine", *options])
    try:
        until = time.monotonic() + STARTING_SECONDS
        while not state.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the engine did not start")
            time.sleep(0.005)
        yield Server(process, json.loads(state.read_text("utf-8"))["base_url"])
    finally:
        process.terminate()
        process.wait()


def first(server: Server, started: float) -> Start:
    """Ask the first question at once."""
    ready = time.perf_counter() - started
    at, cpu = next(server.answer(drawn(FIRST_PROMPT), 1))
    return Start(ready, at - started, cpu)


def measure(server: Server, context: int, tokens: int) -> Figure:
    """Read an answer to a prompt of so many tokens."""
    asked, cpu = time.perf_counter(), server.cpu()
    moments = list(server.answer(drawn(context), tokens))
    (began, cpu_began), (ended, cpu_ended) = moments[0], moments[-1]
    figure = Figure(
        context,
        first_token_seconds=began - asked,
        prompt_tokens_per_second=context / (began - asked),
        prompt_cpu_seconds=cpu_began - cpu,
        tokens_per_second=(tokens - 1) / (ended - began),
        cpu_ms_per_token=1000 * (cpu_ended - cpu_began) / (tokens - 1),
    )
    say(
        f"{context:>8}{figure.first_token_seconds:>15.2f}{figure.prompt_tokens_per_second:>10.0f}"
        f"{figure.prompt_cpu_seconds:>8.2f}{figure.tokens_per_second:>11.1f}{figure.cpu_ms_per_token:>14.1f}"
    )
    return figure


def drawn(count: int) -> list[int]:
    """So many tokens, the same ones in every run."""
    return random.Random(count).choices(range(256, 256 + LEARNT), k=count)


def about() -> dict[str, object]:
    """Where, with what and when this was measured."""
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    machine = {"machine": platform.processor() or platform.machine(), "cpus": os.cpu_count()}
    return {**machine, "python": platform.python_version(), "torch": torch.__version__, "date": day}


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
