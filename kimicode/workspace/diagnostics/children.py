"""Checkers as processes: no terminal, bounded output, a group of their own, and none left behind."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from kimicode.workspace.diagnostics.configured import Check
from kimicode.workspace.environment import child_variables
from kimicode.workspace.processes import MARK_VARIABLE, family, kill, terminate

LIMIT_S = 300.0
"""After that a checker is ended."""
MOST_OUTPUT = 4 * 1024 * 1024
_AT_ONCE = 2
"""Of those that look at more than one text; the others are over soon."""
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """A checker that came to its end by itself."""

    exit_code: int
    output: str


class Children:
    """Starts checkers. Close it: nothing that they started outlives that."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._variables = child_variables(environment)
        self._outer_marks = environment.get(MARK_VARIABLE, "")
        self._session = secrets.token_hex(8)
        self._started = 0
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def run(self, check: Check, text: str | None) -> Ended | None:
        """Run it, with `text` on its stdin. None where it cannot be started, prints too much or does not end.

        Cancelling this kills it.
        """
        async with self._room if text is None else contextlib.nullcontext():
            self._started += 1
            mark = f"{self._session}.{self._started};"
            marks = {MARK_VARIABLE: self._outer_marks + mark, "PWD": str(check.cwd)}
            try:
                process = await asyncio.create_subprocess_exec(
                    *check.argv,
                    stdin=asyncio.subprocess.DEVNULL if text is None else asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT if check.checker.errors_too else asyncio.subprocess.DEVNULL,
                    cwd=check.cwd,
                    env={**self._variables, **check.checker.variables, **marks},
                    start_new_session=True,
                )
            except (OSError, ValueError):
                return None
            try:
                async with asyncio.timeout(LIMIT_S):
                    _, output = await asyncio.gather(_feed(process, text), _drain(process))
                    if output is None:
                        return None
                    return Ended(await process.wait(), output.decode("utf-8", "replace"))
            except TimeoutError:
                return None
            finally:
                if process.returncode is None:
                    kill(lambda: family(mark, {process.pid}))
                    await process.wait()

    def yield_processor(self) -> None:
        """What still runs takes too long to be waited for: from now on it gives way to everything else."""
        for process in family(f"{self._session}."):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, 10)

    def kill(self) -> None:
        """Kill all of it, now."""
        if self._started:
            kill(lambda: family(f"{self._session}."))

    async def close(self) -> None:
        """End everything that was ever started here and that still runs."""
        if self._started:
            await terminate(lambda: family(f"{self._session}."))


async def _feed(process: asyncio.subprocess.Process, text: str | None) -> None:
    if process.stdin is None or text is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read to the end
        process.stdin.write(text.encode("utf-8", "replace"))
        await process.stdin.drain()
    process.stdin.close()


async def _drain(process: asyncio.subprocess.Process) -> bytes | None:
    """All that it prints; None where that is too much."""
    assert process.stdout is not None
    output = bytearray()
    while chunk := await process.stdout.read(_CHUNK):
        output += chunk
        if len(output) > MOST_OUTPUT:
            return None
    return bytes(output)
