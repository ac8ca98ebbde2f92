"""What runs beside a turn: the person's own commands and questions, as tasks that never fail unseen."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from kimicode.errors import KimicodeError

Fault = Callable[[BaseException], None]
"""Told of an error that nobody expected."""


class Beside:
    """`report` is told of what can go wrong, `fault` of what cannot."""

    def __init__(self, report: Callable[[KimicodeError], None], fault: Fault) -> None:
        self._report = report
        self._fault = fault
        self.tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it; needs a running event loop."""
        task = asyncio.create_task(self._reported(work))
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def cancel(self) -> bool:
        """Stop all of it; False if nothing ran."""
        for task in self.tasks:
            task.cancel()
        return bool(self.tasks)

    async def _reported(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except KimicodeError as error:
            self._report(error)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        tell_of_fault(task, self._fault)


def tell_of_fault(task: asyncio.Task[Any], fault: Fault) -> None:
    """For a task that is done: pass on what it failed with."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        fault(error)
