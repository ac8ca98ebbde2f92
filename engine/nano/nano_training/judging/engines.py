"""Engines to be judged: as many processes of one checkpoint as asked for, ended with the context."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

NAME = "kimi-nano"
STARTING = 180.0
"""Seconds until an engine has to serve: on a GPU its kernels may have to be compiled first."""
STOPPING = 20.0
POLL = 0.05


class EngineError(RuntimeError):
    """An engine did not come up; the text holds what it said last."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """How a checkpoint is served. `threads` of each engine on a CPU; 0 leaves that to PyTorch."""

    checkpoint: Path
    engines: int = 1
    device: str = "auto"
    threads: int = 0


@contextmanager
def serving(fleet: Fleet) -> Iterator[list[str]]:
    """The base URLs of running engines. Raises EngineError."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kimicode-engines-")))
        started = [stack.enter_context(_engine(fleet, folder / str(number))) for number in range(fleet.engines)]
        yield [_ready(process, place) for process, place in started]


@contextmanager
def _engine(fleet: Fleet, place: Path) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """A process that ends with the context, and its folder, which holds `state.json` and `stderr`."""
    place.mkdir()
    options = [f"--checkpoint={fleet.checkpoint}", f"--device={fleet.device}", f"--name={NAME}", "--port=0"]
    options += [f"--state-file={place / 'state.json'}", "--no-api-key", "--quiet", "--exit-with-stdin"]
    threads = {"OMP_NUM_THREADS": str(fleet.threads)} if fleet.threads else {}
    with (place / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "kimicode_engine", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **threads},
        )
    try:
        yield process, place
    finally:
        process.terminate()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdin is not None
        process.stdin.close()


def _ready(process: "subprocess.Popen[bytes]", place: Path) -> str:
    until = time.monotonic() + STARTING
    while not (place / "state.json").exists():
        if process.poll() is not None or time.monotonic() > until:
            said = (place / "stderr").read_text("utf-8", "replace").strip().splitlines()
            raise EngineError("the engine did not start: " + "\n".join(said[-5:] or ["it said nothing"]))
        time.sleep(POLL)
    return str(json.loads((place / "state.json").read_text("utf-8"))["base_url"])
