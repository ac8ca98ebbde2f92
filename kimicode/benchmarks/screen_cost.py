"""What the terminal UI costs: start, keys, streaming, resizing, resuming, memory, all through a real pseudo-terminal.

`python -m kimicode.benchmarks.screen_cost [MEASURE ...] [--out FILE.json]`. Every figure has its limit beside it."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from kimicode.benchmarks.long_journal import record
from kimicode.benchmarks.loop_cost import machine
from kimicode.benchmarks.terminal import FULL_CLEAR, Terminal

KIMICODE = [sys.executable, "-m", "kimicode"]
EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("empty app")
Empty().run()
"""
PAINTED = "ask"
"""On the first frame: the mode in the status line."""
PROMPT = " ›"
"""What the line of an empty composer shows."""
CLEAR = "\x15"
MARK = "zqx"
"""Letters that stand nowhere else on the screen."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, and what it should at most be."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def line(self) -> str:
        limit = "" if self.limit is None else f"<= {self.limit:g}"
        missed = " MISSED" if self.limit is not None and self.value > self.limit else ""
        return f"{self.name:<58}{self.value:>10.2f} {self.unit:<12}{limit}{missed}"


class Bench:
    """A home, a project and a scripted model for each measure."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.home.mkdir()
        self.project.mkdir()

    @contextmanager
    def model(self, *, words: int = 20, delay: float = 0.0) -> Iterator[str]:
        """A server whose every answer has so many words, one an event, `delay` seconds apart; gives its address."""
        script = self.home / "script.json"
        text = " ".join(f"word{number}" for number in range(words))
        turns = [{"text": text, "delay": delay, "chunk": 6}] * 50
        script.write_text(json.dumps(turns))
        command = [sys.executable, "-m", "kimicode.llm.scripted", str(script)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                yield next(word for word in server.stdout.readline().split() if word.startswith("http"))
            finally:
                server.terminate()

    def open(self, address: str, *options: str, columns: int = 120, rows: int = 40) -> Terminal:
        """The terminal UI on a terminal of its own."""
        environ = {"KIMICODE_HOME": str(self.home), "KIMICODE_BASE_URL": address, "KIMICODE_MODEL": "scripted"}
        return Terminal(
            [*KIMICODE, "--trust", *options], columns=columns, rows=rows, environ=environ, folder=self.project
        )

    def session(self, *, steps: int, output: int) -> str:
        return record(self.home / "sessions", self.project, steps=steps, output=output)


# --- measures -----------------------------------------------------------------------------------------------


def start(bench: Bench) -> Iterator[Figure]:
    """First paint against that of an empty app, both from the process's start; keys that come before it are kept."""
    ours, empty = [], []
    with bench.model() as address:
        for _ in range(7):
            with Terminal([sys.executable, "-c", EMPTY], columns=120, rows=40) as terminal:
                empty.append(terminal.until("empty app"))
            with bench.open(address) as terminal:
                terminal.type(MARK)  # before anything is there to take it
                ours.append(terminal.until(PAINTED))
                early = terminal.until(MARK)
    yield Figure("first paint", 1000 * statistics.median(ours), "ms")
    yield Figure("first paint of an empty Textual app", 1000 * statistics.median(empty), "ms")
    yield Figure("first paint, times the empty app's", statistics.median(ours) / statistics.median(empty), "times", 2)
    yield Figure("keys typed before it, shown after it", 1000 * early, "ms")


def idle(bench: Bench) -> Iterator[Figure]:
    """Nothing happens: nothing runs."""
    with bench.model() as address, bench.open(address) as terminal:
        terminal.until(PAINTED)
        terminal.quiet(2.0)
        spent, woken = terminal.cpu(), terminal.wakeups()
        terminal.read(10.0)
        yield Figure("idle: CPU in 10 s", 1000 * (terminal.cpu() - spent), "ms", 10)
        yield Figure("idle: wake-ups in 10 s", terminal.wakeups() - woken, "", 5)


def keys(bench: Bench) -> Iterator[Figure]:
    """From a key to its letter on the screen, with 100,000 lines above it, at rest and while an answer streams."""
    session = bench.session(steps=5_700, output=900)
    with bench.model(words=6_000, delay=0.01) as address, bench.open(address, "--resume", session) as terminal:
        terminal.until(PAINTED)
        terminal.quiet(3.0)
        yield from _latencies(terminal, "key to paint, 100,000 lines")
        terminal.type("go\r")
        terminal.until("word9")
        yield from _latencies(terminal, "the same while streaming")


def _latencies(terminal: Terminal, name: str) -> Iterator[Figure]:
    times = []
    row = next(row for row, line in enumerate(terminal.lines) if line.startswith(PROMPT))
    for number in range(150):
        letter, column = chr(ord("A") + number % 26), len(PROMPT) + 1 + number % 26
        if letter == "A":
            terminal.type(CLEAR)
            terminal.until(lambda: terminal.lines[row] == PROMPT)
        terminal.type(letter)
        times.append(1000 * terminal.until(lambda: terminal.screen.buffer[row][column].data == letter, 5.0))  # noqa: B023
        terminal.read(0.03)
    terminal.type(CLEAR)
    terminal.until(lambda: terminal.lines[row] == PROMPT)
    times.sort()
    yield Figure(f"{name}: median", times[len(times) // 2], "ms")
    yield Figure(f"{name}: 95 of 100", times[int(0.95 * len(times))], "ms", 16)


def stream(bench: Bench) -> Iterator[Figure]:
    """100 events of an answer a second for 10 s: the share of a core, bytes written, no screen wiped."""
    shares = {}
    for name, steps in (("an empty transcript", 0), ("100,000 lines", 5_700)):
        options = ("--resume", bench.session(steps=steps, output=900)) if steps else ()
        with bench.model(words=4_000, delay=0.01) as address, bench.open(address, *options) as terminal:
            terminal.until(PAINTED)
            terminal.quiet(3.0)
            terminal.type("go\r")
            terminal.until("word9")
            terminal.read(1.0)
            spent, written, began = terminal.cpu(), len(terminal.received), time.perf_counter()
            terminal.read(10.0)
            seconds = time.perf_counter() - began
            shares[name] = 100 * (terminal.cpu() - spent) / seconds
            yield Figure(f"streaming under {name}: of a core", shares[name], "%", 15)
            fresh = terminal.received[written:]
            yield Figure(f"streaming under {name}: written a paint", len(fresh) / seconds / 20, "bytes")
            yield Figure(f"streaming under {name}: screens wiped", len(FULL_CLEAR.findall(bytes(fresh))), "", 0)
    yield Figure("streaming, long against empty", shares["100,000 lines"] / shares["an empty transcript"], "times", 1.5)


def resize(bench: Bench) -> Iterator[Figure]:
    """From a new size to the first frame of it, with 100,000 lines."""
    session = bench.session(steps=5_700, output=900)
    times = []
    with bench.model() as address, bench.open(address, "--resume", session) as terminal:
        terminal.until(PAINTED)
        terminal.quiet(3.0)
        for number in range(20):
            columns = (100, 120)[number % 2]
            before = len(terminal.received)
            terminal.resize(columns, 40)
            times.append(1000 * terminal.until(lambda before=before: len(terminal.received) - before > 500))  # type: ignore[misc]
            terminal.quiet(0.3)
    times.sort()
    yield Figure("resize of 100,000 lines to first paint: median", statistics.median(times), "ms", 50)
    yield Figure("resize of 100,000 lines to first paint: worst", times[-1], "ms")


def resume(bench: Bench) -> Iterator[Figure]:
    """A journal of 100 MB: until its last words are there, and the memory once all is loaded."""
    steps = 4_700
    session = bench.session(steps=steps, output=14_000)
    size = (bench.home / "sessions" / session / "journal.jsonl").stat().st_size
    os.sync()  # the disk is not to be busy with what was written just now
    with bench.model() as address, bench.open(address, "--resume", session) as terminal:
        seen = terminal.until(f"step {steps}")
        terminal.quiet(3.0, limit=60)
        yield Figure("size of the resumed journal", size / 1e6, "MB")
        yield Figure("resume: last words on the screen", 1000 * seen, "ms", 1000)
        yield Figure("resume: resident memory when settled", terminal.memory() / 1e6, "MB", 250)
        terminal.type("still there?\r")
        yield Figure("resume: answer to the next prompt", 1000 * terminal.until("word19", 60), "ms")


def grow(bench: Bench) -> Iterator[Figure]:
    """4,000 live steps with their tools: resident memory afterwards against that after the first 200."""
    from kimicode.benchmarks.busywork import create_repository

    folder = bench.project / "busy"
    create_repository(folder)
    bench.project = folder
    command = [sys.executable, "-m", "kimicode.benchmarks.busywork", "4000", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().strip()
            with bench.open(address, "--mode", "auto", "--max-steps", "5000") as terminal:
                terminal.until(PAINTED)
                terminal.type("turn all dials\r")
                terminal.until("step 200 ", 300)
                before = terminal.memory()
                terminal.until("All dials are turned", 2_000)
                terminal.quiet(2.0)
                yield Figure("4,000 steps: resident memory after 200", before / 1e6, "MB")
                yield Figure("4,000 steps: memory gained", (terminal.memory() - before) / 1e6, "MB", 30)
        finally:
            server.terminate()


MEASURES: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    measure.__name__: measure for measure in (start, idle, keys, stream, resize, resume, grow)
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measures, print a line per figure, and write them where asked to. 1: a limit was missed."""
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.screen_cost", description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[[], *MEASURES], metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args(arguments)
    figures = []
    os.environ.pop("NO_COLOR", None)
    for name in options.measures or MEASURES:
        with tempfile.TemporaryDirectory() as folder:
            for figure in MEASURES[name](Bench(Path(folder))):
                print(figure.line, flush=True)
                figures.append(figure)
    if options.out:
        document = {**machine(), "figures": [asdict(figure) for figure in figures]}
        options.out.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    return int(any(figure.limit is not None and figure.value > figure.limit for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
