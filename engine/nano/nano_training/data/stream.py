"""Batches without an end: made by workers, put together by a thread, a few of them always ready."""

import queue
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nano_training.data import packed
from nano_training.data.batch import Batch, Shape, batches
from nano_training.data.encode import Encoder, open_encoder
from nano_training.data.workers import Job, Workers

READY = 8
"""Batches that wait to be taken."""

__all__ = ["Batch", "Job", "Shape", "Stream", "held_out", "open_stream"]


@dataclass(frozen=True, slots=True)
class Stream:
    """Iterated over, it gives batches for ever. Raises WorkerError where a worker fails."""

    workers: Workers
    encoder: Encoder
    ready: "queue.Queue[Batch]"
    filling: "Future[None]"

    def mix(self, mixture: Mapping[str, float]) -> None:
        """Change the sources' shares; it shows some batches later. Raises ValueError for an unknown source."""
        self.workers.mix(mixture)

    def __iter__(self) -> Iterator[Batch]:
        while True:
            try:
                yield self.ready.get(timeout=0.5)
            except queue.Empty:
                if self.filling.done():
                    return self.filling.result()  # raises what ended it


@contextmanager
def open_stream(job: Job, mixture: Mapping[str, float], shape: Shape) -> Iterator[Stream]:
    """Start the workers and the thread; both end with the context."""
    encoder, ready, over = open_encoder(job.tokenizer, job.prefixes), queue.Queue[Batch](READY), threading.Event()
    with Workers(job, mixture) as workers, ThreadPoolExecutor(1, "batches") as pool:
        try:
            yield Stream(workers, encoder, ready, pool.submit(_fill, workers, encoder, shape, ready, over))
        finally:
            over.set()
            workers.stop()


def _fill(workers: Workers, encoder: Encoder, shape: Shape, ready: "queue.Queue[Batch]", over: threading.Event) -> None:
    for batch in batches(workers, encoder.prefix_ids, shape):
        while not over.is_set():
            try:
                ready.put(batch, timeout=0.2)
                break
            except queue.Full:
                continue
        if over.is_set():
            return


def held_out(path: Path, encoder: Encoder, shape: Shape, count: int | None = None) -> list[Batch]:
    """The batches of a packed file, each episode once: always the same, to measure by."""
    return list(batches(islice(packed.read(path), count), encoder.prefix_ids, shape))
