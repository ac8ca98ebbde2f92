"""Ctrl-C and its like in a review: the first ends it with what is verified, the second ends the process."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from kimicode.cli.review_progress import ReviewProgress
from kimicode.errors import ExitCode
from kimicode.git import command

T = TypeVar("T")
_CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.TERMINATED,
}


class Interrupts:
    """Made in the task that is to end. `code` is what the process returns once a signal came, 0 before."""

    def __init__(self, progress: ReviewProgress) -> None:
        self.code = 0
        self._progress = progress
        self._ending: asyncio.Task[Any] | None = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        for number, code in _CODES.items():
            self._loop.add_signal_handler(number, self._stop, code)

    async def end(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this work, which from now on is what a signal ends: it may still have something to return."""
        working = asyncio.create_task(work)
        self._ending = working
        return await working

    def leave(self) -> None:
        """From here on signals do what they do everywhere, so that Ctrl-C also ends a question."""
        for number in _CODES:
            self._loop.remove_signal_handler(number)

    def _stop(self, code: ExitCode) -> None:
        if self.code:
            os._exit(code)
        self.code = int(code)
        self._progress.stopping()
        command.stop()  # git has no ear for signals, and threads wait for it
        if self._ending is not None:
            self._ending.cancel()
