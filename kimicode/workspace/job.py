"""One command that was started: its process, the pipe it prints to, and the end of both.

A command is over when its own process exits, not when the pipe closes: a daemon may hold that for days.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kimicode.workspace.live import LiveReport
from kimicode.workspace.output import OutputBuffer
from kimicode.workspace.processes import Process, family, terminate

DRAIN_QUIET_S = 0.2
DRAIN_LIMIT_S = 2.0
_CHUNK = 256 * 1024
_LAST_READS = 64
_SETTLE_ROUNDS = 3
_SETTLE_S = 0.04


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be started: the program and its arguments, where, with which variables, and the mark among them."""

    command: str
    argv: Sequence[str]
    cwd: Path
    variables: Mapping[str, str]
    mark: str


class Running(Protocol):
    """The process of a command: asyncio's, or one in the sandbox."""

    @property
    def pid(self) -> int:
        """Its process id on this machine; it leads a session and process group of that number."""

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the number of the signal that ended it, where one did."""

    async def wait(self) -> int:
        """Its return code once it is over."""


class Job:
    """A started command. Its output is read as it comes for as long as anybody holds the other end of the pipe."""

    def __init__(
        self,
        launch: Launch,
        process: Running,
        pipe: int,
        output: OutputBuffer,
        live: LiveReport,
        started: float,
    ) -> None:
        self.command = launch.command
        self.output = output
        self.live = live
        self._mark = launch.mark
        self._process = process
        self._pipe: int | None = pipe
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        self._started = started
        self._last_output = self._loop.time()
        self._ended: float | None = None
        self._over = False
        self._exit = self._loop.create_task(self._reap())
        self._loop.add_reader(pipe, self._read)

    @classmethod
    async def start(
        cls,
        launch: Launch,
        output: OutputBuffer,
        live: LiveReport,
        spawn: Callable[[Launch, int], Awaitable[Running]],
    ) -> "Job":
        """Start it without terminal and input, as the leader of a session and process group of its own.

        `spawn` does that; the descriptor that it gets is where the command prints to. Raises OSError or ValueError
        where it refuses.
        """
        # Before the start: on a busy machine a short command is over by the time that its start is heard of.
        started = asyncio.get_running_loop().time()
        read_end, write_end = os.pipe()
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(os.close, read_end)
            os.set_blocking(read_end, False)
            try:
                process = await spawn(launch, write_end)
            finally:
                os.close(write_end)
            on_failure.pop_all()
        return cls(launch, process, read_end, output, live, started)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 + the signal's number where a signal ended it, as shells count."""
        code = self._process.returncode
        return code if code is None or code >= 0 else 128 - code

    @property
    def duration_s(self) -> float:
        return (self._ended or self._loop.time()) - self._started

    @property
    def quiet_s(self) -> float:
        """Seconds since it last printed something."""
        return self._loop.time() - self._last_output

    async def exited(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the end of the command's own process."""
        await asyncio.wait({self._exit}, timeout=timeout)
        return self._exit.done()

    async def drain(self) -> None:
        """After the exit: read on until the pipe closes, is quiet for a moment, or a limit is reached."""
        limit = self._loop.time() + DRAIN_LIMIT_S
        quiet_since = self._loop.time()
        while not self._closed.is_set():
            quiet_since = max(quiet_since, self._last_output)
            left = min(quiet_since + DRAIN_QUIET_S, limit) - self._loop.time()
            if left <= 0:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), left)
        for _ in range(_LAST_READS):
            # A busy event loop may have left in the pipe what was printed long ago.
            if not self._read():
                break

    async def settle(self) -> None:
        """Give children a moment that are about to exit, or to become the program that they were started for."""
        for _ in range(_SETTLE_ROUNDS):
            if not self.survivors():
                break
            await asyncio.sleep(_SETTLE_S)

    def survivors(self) -> list[Process]:
        """What still runs of it: itself, children, and children that left its process group."""
        if self._over:
            return []
        found = family(self._mark, {self._process.pid})
        # Once all are gone the system may give the group's number to somebody else.
        self._over = not found and self._exit.done()
        return found

    async def stop(self) -> None:
        """End it and everything that it started; returns when they are gone."""
        try:
            await terminate(self.survivors)
            await self.exited(1.0)
            await self.drain()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the pipe and the spill file. Whoever still prints gets a broken pipe."""
        self.live.close()
        if self._pipe is not None:
            self._loop.remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = None
            self._closed.set()
        self.output.close()

    async def _reap(self) -> None:
        await self._process.wait()
        self._ended = self._loop.time()

    def _read(self) -> bool:
        """Take what the pipe has; False where there is nothing now or nothing more ever."""
        if self._pipe is None:
            return False
        try:
            chunk = os.read(self._pipe, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._loop.remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = None
            self._closed.set()
            return False
        self._last_output = self._loop.time()
        self.output.write(chunk)
        self.live.write(chunk)
        return True
