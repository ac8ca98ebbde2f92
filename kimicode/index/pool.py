"""Several worker processes that read files at once; one that crashes or hangs costs the file it was at."""

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import kimicode
from kimicode.index.facts import Facts, Outcome
from kimicode.index.frames import receive, send

STALLED_S = 15.0
"""For one file, beyond its time box: then the worker is ended."""

DEATHS = 3
"""Of workers in a row that answered nothing, after which a lane starts no more."""

CHUNK_FILES, CHUNK_BYTES = 16, 8_000
WAITING = 256
"""Outcomes that wait to be written; more would only take memory."""


def worker_command(root: Path, folder: Path) -> list[str]:
    """What starts a worker for the tree `root`; contents that the index in `folder` has are not parsed again."""
    return [sys.executable, "-P", "-m", "kimicode.index.worker", os.fspath(root), os.fspath(folder)]


class Pool:
    """Workers that have begun to read `paths`; iterate for one outcome each, in about that order, until `stop` is set.

    Where workers cannot live at all, some paths stay without an outcome. On leaving the context all workers are gone.
    """

    def __init__(
        self,
        command: list[str],
        paths: Iterable[str],
        workers: int,
        stop: threading.Event,
        *,
        stalled_s: float = STALLED_S,
    ) -> None:
        chunks = _Chunks(paths)
        self._stop, self._done, self._stalled_s = stop, _Done(), stalled_s
        self._lanes = [_Lane(command, chunks, self._done) for _ in range(workers)]

    def __enter__(self) -> "Pool":
        for lane in self._lanes:
            lane.start()
        return self

    def __iter__(self) -> Iterator[Outcome]:
        waiting = self._done.waiting
        while not self._stop.is_set() and (any(lane.is_alive() for lane in self._lanes) or not waiting.empty()):
            for lane in self._lanes:
                lane.end_if_silent_for(self._stalled_s)
            with contextlib.suppress(queue.Empty):
                yield waiting.get(timeout=0.1)

    def __exit__(self, *_: object) -> None:
        self._done.closed.set()
        for lane in self._lanes:
            lane.kill()
        for lane in self._lanes:
            lane.join()


class _Chunks:
    """The paths, a few at a time, for whoever asks first."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = iter(paths)
        self._lock = threading.Lock()

    def take(self) -> list[bytes]:
        """Small enough that two of them fit a pipe: neither side ever waits for the other to read. Empty at the end."""
        chunk: list[bytes] = []
        size = 0
        with self._lock:
            while len(chunk) < CHUNK_FILES and size < CHUNK_BYTES:
                path = next(self._paths, None)
                if path is None:
                    break
                chunk.append(os.fsencode(path))
                size += len(chunk[-1])
        return chunk


class _Done:
    """Outcomes on their way to the writer."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[Outcome] = queue.Queue(WAITING)
        self.closed = threading.Event()

    def put(self, outcome: Outcome) -> None:
        while not self.closed.is_set():
            with contextlib.suppress(queue.Full):
                self.waiting.put(outcome, timeout=0.5)
                return


class _Lane(threading.Thread):
    """One worker and the thread that talks to it; a worker that dies is replaced, the file it was at is given up."""

    def __init__(self, command: list[str], chunks: _Chunks, done: _Done) -> None:
        super().__init__(name="kimicode-index", daemon=True)
        self._command, self._chunks, self._done = command, chunks, done
        self._process: subprocess.Popen[bytes] | None = None
        self._asked_at = 0.0
        self._answered = 0

    def run(self) -> None:
        left: list[bytes] = []
        deaths = 0
        while not self._done.closed.is_set() and deaths < DEATHS:
            answered = self._answered
            left = self._serve(left)
            if not left:
                return
            deaths = deaths + 1 if answered == self._answered else 0
            self._done.put(Outcome(os.fsdecode(left.pop(0)), skipped="unreadable"))

    def kill(self) -> None:
        if self._process:
            self._process.kill()

    def end_if_silent_for(self, seconds: float) -> None:
        if self._asked_at and time.monotonic() - self._asked_at > seconds:
            self.kill()

    def _serve(self, paths: list[bytes]) -> list[bytes]:
        """Have one worker read until there is nothing left; what it leaves unanswered when it dies, in order."""
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.fspath(Path(kimicode.__file__).parents[1])},
            process_group=0,  # Ctrl-C is for the one that reads the answers
        )
        self._process = process
        if self._done.closed.is_set():  # whoever closed it may have looked for a process too early
            process.kill()
        try:
            return self._converse(process, paths)
        finally:
            self._asked_at = 0.0
            process.kill()
            with contextlib.suppress(BrokenPipeError), process:  # what it had not read any more
                pass

    def _converse(self, process: "subprocess.Popen[bytes]", paths: list[bytes]) -> list[bytes]:
        assert process.stdin is not None
        assert process.stdout is not None
        asked: list[bytes] = []
        more = paths or self._chunks.take()
        with contextlib.suppress(EOFError, OSError, ValueError, TypeError):  # what a death in mid-sentence looks like
            while asked or more:
                if more:
                    asked += more
                    with contextlib.suppress(BrokenPipeError):  # what it answered before it died can still be read
                        send(more, process.stdin)
                self._asked_at = time.monotonic()
                outcome = _outcome(receive(process.stdout))
                self._asked_at = 0.0
                asked.pop(0)
                self._answered += 1
                self._done.put(outcome)
                # The next chunk waits in the pipe before this one is done.
                more = self._chunks.take() if len(asked) < CHUNK_FILES else []
        return asked


def _outcome(plain: tuple[Any, ...]) -> Outcome:
    path, mtime_ns, size, digest, skipped, facts, gone = plain
    return Outcome(os.fsdecode(path), mtime_ns, size, digest, skipped, Facts._make(facts) if facts else None, gone)
