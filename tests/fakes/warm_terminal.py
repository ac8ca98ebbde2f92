"""A terminal as `kimicode.benchmarks.terminal` has them, whose program is forked from a warm Python.

The program leads a session of its own, as on every terminal; only its exit code comes another way.
"""

import contextlib
import os
import pty
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyte

from kimicode.benchmarks.terminal import MARKS_PASTES, Terminal
from tests.fakes.warm import WarmPython


class WarmTerminal(Terminal):
    """`python -m MODULE ARGUMENTS` on a terminal."""

    def __init__(
        self,
        python: WarmPython,
        words: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str],
        folder: Path,
        answers: Mapping[bytes, bytes] = MARKS_PASTES,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.received = bytearray()
        self._answers = answers
        self._hung_up = False
        self._master, theirs = pty.openpty()
        self.resize(columns, rows)
        environment = {**os.environ, "TERM": "xterm-256color", **environ}
        self.started = time.perf_counter()
        self.pid, self._told = python.start_on(theirs, *words, cwd=folder, env=environment)
        os.close(theirs)

    def wait(self, seconds: float = 20.0) -> int:
        """Read on until the program has ended; returns its exit code, negative for a signal."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.read(0.02)
            if select.select([self._told], [], [], 0)[0]:
                self.read(0.0)  # its last words
                return self._ended()
        raise TimeoutError(f"it still runs\n{self.text}")

    def close(self) -> None:
        """Kill the program if it still runs, and close the terminal."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._ended()
        super().close()

    def _ended(self) -> int:
        with open(self._told) as told:
            code = int(told.readline())
        self.pid = 0
        return code
