"""Processes that make episodes while the device trains: each with seeds of its own, all from the same sources."""

import gc
import multiprocessing
import pickle
import random
import threading
import traceback
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from nano_training.data.encode import Encoded, Encoder, open_encoder

AT_ONCE = 8
"""Episodes in a message: together they fit in a pipe's buffer, which is what keeps workers from running ahead."""
PATIENCE = 5.0
"""Seconds for a worker to end by itself."""


class WorkerError(RuntimeError):
    """A worker ended; the text says why."""


class Source(Protocol):
    """Gives encoded episodes for ever."""

    def episodes(self, encoder: Encoder, rng: random.Random) -> Iterator[Encoded]:
        """Episodes in an order and with contents that follow from `rng`."""


@dataclass(frozen=True, slots=True)
class Job:
    """What all workers share. The same seed and number of workers give each worker's episodes in the same order."""

    sources: Mapping[str, Source]
    tokenizer: Path
    prefixes: Path
    seed: int
    workers: int


class Workers:
    """Runs the job's workers within a `with`; iterated over, it gives their episodes as they come, until `stop`.

    `mixture` gives each source's share. Raises WorkerError, with the worker's own traceback, where one fails."""

    def __init__(self, job: Job, mixture: Mapping[str, float]) -> None:
        context = multiprocessing.get_context("spawn")
        self._names = list(job.sources)
        self._shares: Any = context.Array("d", len(self._names))
        self.mix(mixture)
        self._processes: dict[Connection, Any] = {}
        self._ends: list[Connection] = []
        self._over = threading.Event()
        for index in range(job.workers):
            ours, theirs = context.Pipe(duplex=False)
            arguments = (job, index, theirs, self._shares)
            self._processes[ours] = context.Process(target=work, args=arguments, daemon=True)
            self._ends.append(theirs)

    def mix(self, mixture: Mapping[str, float]) -> None:
        """Change the shares. Episodes that were made before still come. Raises ValueError for an unknown source."""
        if unknown := mixture.keys() - set(self._names):
            raise ValueError(f"no source is called {', '.join(sorted(unknown))}; there are {', '.join(self._names)}")
        if not any(share > 0 for share in mixture.values()):
            raise ValueError("no source has a share")
        with self._shares.get_lock():
            self._shares[:] = [mixture.get(name, 0.0) for name in self._names]

    def __enter__(self) -> Self:
        for process, end in zip(self._processes.values(), self._ends, strict=True):
            process.start()
            end.close()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for pipe, process in self._processes.items():
            pipe.close()
            process.terminate()
        for process in self._processes.values():
            process.join(PATIENCE)

    def stop(self) -> None:
        """End the iteration, which may run in another thread."""
        self._over.set()

    def __iter__(self) -> Iterator[Encoded]:
        while not self._over.is_set():
            for pipe in wait(list(self._processes), timeout=0.2):
                assert isinstance(pipe, Connection)
                yield from self._received(pipe)

    def _received(self, pipe: Connection) -> Iterator[Encoded]:
        try:
            message = pickle.loads(pipe.recv_bytes())
        except EOFError:
            process = self._processes[pipe]
            process.join(PATIENCE)
            raise WorkerError(f"a worker ended with exit code {process.exitcode}") from None
        if isinstance(message, str):
            raise WorkerError(f"a worker failed:\n{message}")
        for prefix, tokens, weights in message:
            yield Encoded(prefix, array("H", tokens), weights)


def work(job: Job, index: int, pipe: Connection, shares: Any) -> None:
    """A worker's life: make episodes and send them, until nobody reads any more. A failure is sent as its text."""
    try:
        episodes = mixed(job, index, shares)
        while True:
            some = [(one.prefix, one.tokens.tobytes(), one.weights) for one in islice(episodes, AT_ONCE)]
            pipe.send_bytes(pickle.dumps(some))
    except (BrokenPipeError, KeyboardInterrupt):
        return
    except BaseException:
        pipe.send_bytes(pickle.dumps(traceback.format_exc()))
        raise


def mixed(job: Job, index: int, shares: Any) -> Iterator[Encoded]:
    """One worker's episodes: for each a source is drawn by the present shares."""
    encoder = open_encoder(job.tokenizer, job.prefixes)
    running = [
        source.episodes(encoder, random.Random(f"{job.seed} {index} {name}")) for name, source in job.sources.items()
    ]
    rng = random.Random(f"{job.seed} {index}")
    # What was loaded stays for ever; to look through it again and again costs a twentieth of a worker's time.
    gc.collect()
    gc.freeze()
    while True:
        yield next(rng.choices(running, shares[:])[0])
