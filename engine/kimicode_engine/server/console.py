"""What a person sees on stderr: a bar while loading, then one live line; plain lines where it is no terminal."""

import asyncio
import contextlib
import os
import resource
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TextIO

from kimicode_engine.checkpoint.load import Progress
from kimicode_engine.server.metrics import Metrics
from kimicode_engine.server.worker import Worker

REFRESH_SECONDS = 0.5
DRAW_SECONDS = 0.1
PLAIN_SECONDS = 5.0
BAR_CELLS = 24
ERASE = "\r\x1b[2K"


@dataclass(frozen=True, slots=True)
class Reading:
    """Totals at one moment, from which the live line computes rates."""

    at: float
    generated: int
    prompt: int
    """Prompt tokens computed or found in the prefix cache."""
    found: int
    """Those of them found in it."""


class Console:
    """Owns stderr. `quiet` silences everything but `say` with `always`."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._live = stream.isatty() and not quiet
        self._line = ""
        self._drawn = 0.0
        self._last: Reading | None = None

    def say(self, text: str, *, always: bool = False) -> None:
        """One plain line."""
        if always or not self._quiet:
            self._write(f"{ERASE if self._line else ''}{text}\n")
            self._line = ""

    def progress(self, progress: Progress) -> None:
        """The loading bar: bytes, rate, time left. Where stderr is no terminal, a plain line now and then."""
        now = time.monotonic()
        complete = progress.done >= progress.total
        if not progress.done:
            self._drawn = now
        elif self._live and now - self._drawn > DRAW_SECONDS:
            self._drawn = now
            self._draw(progress_line(progress))
        elif now - self._drawn > PLAIN_SECONDS:
            self._drawn = now
            self.say(f"loading {progress.done / progress.total:.0%} of {size(progress.total)}")
        if complete:
            rate = progress.total / max(progress.seconds, 1e-6)
            self.say(f"loaded {size(progress.total)} in {progress.seconds:.1f} s ({size(rate)}/s)")

    async def watch(self, worker: Worker, metrics: Metrics) -> None:
        """Redraw the live line twice a second at most, and only when it changes. Ends by being cancelled."""
        while self._live:
            reading = Reading(
                at=time.monotonic(),
                generated=metrics.generated_total,
                prompt=worker.stats.prompt_tokens,
                found=worker.stats.prefix_tokens,
            )
            self._draw(status_line(worker, self._last, reading))
            self._last = reading
            await asyncio.sleep(REFRESH_SECONDS)

    def _draw(self, line: str) -> None:
        line = line[: shutil.get_terminal_size().columns - 1]
        if line != self._line:
            self._line = line
            self._write(ERASE + line)

    def _write(self, text: str) -> None:
        # Whoever read stderr may be gone, and the disk behind it full: no reason to stop serving.
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()


def progress_line(progress: Progress) -> str:
    """`loading ━━━━────  42 %  1.2 of 2.9 GB  1.5 GB/s  2 s left  model-1.safetensors`."""
    share = progress.done / progress.total if progress.total else 1.0
    rate = progress.done / progress.seconds if progress.seconds else 0.0
    left = f"{duration((progress.total - progress.done) / rate)} left" if rate else "…"
    cells = round(share * BAR_CELLS)
    bar = "━" * cells + "─" * (BAR_CELLS - cells)
    amounts = f"{size(progress.done)} of {size(progress.total)}"
    return f"loading {bar} {share:4.0%}  {amounts}  {size(rate)}/s  {left}  {progress.file}"


def status_line(worker: Worker, last: Reading | None, now: Reading) -> str:
    """The live line: rates since the last reading, and what runs, waits and is held."""
    last = last or now
    seconds = max(now.at - last.at, 1e-6)
    prompt = now.prompt - last.prompt
    found = f"{(now.found - last.found) / prompt:.0%}" if prompt else f"{now.found / max(now.prompt, 1):.0%}"
    stats = worker.stats
    pages = stats.pages_used + stats.pages_cached + stats.pages_free
    return (
        f"{(now.generated - last.generated) / seconds:.0f} tok/s out  {prompt / seconds:.0f} tok/s in  "
        f"{stats.running} running  {stats.waiting} waiting  cache hit {found}  "
        f"pages {stats.pages_used}/{pages}  {size(resident_bytes())}"
    )


def resident_bytes() -> int:
    """Memory of this process in bytes: now where /proc says so, else its peak."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def size(count: float) -> str:
    """Bytes for people, in powers of 1000: `1.2 GB`."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def duration(seconds: float) -> str:
    """`42 s`, or `3 min 05 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"
