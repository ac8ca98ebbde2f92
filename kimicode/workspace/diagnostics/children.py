"""Checkers as processes: in the sandbox where there is one, no terminal, bounded output, and none left behind.

What a project configures is code that whoever edits it could have written: the agent, too.
"""

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode.workspace.diagnostics.configured import Check
from kimicode.workspace.environment import child_variables
from kimicode.workspace.job import Running
from kimicode.workspace.processes import MARK_VARIABLE, family, kill, terminate
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.variables import without_secrets

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

    def __init__(self, environment: Mapping[str, str], sandbox: Sandbox | None = None) -> None:
        """Whoever made `sandbox` closes it."""
        self._sandbox = sandbox
        inherited = without_secrets(environment) if sandbox else environment
        self._variables = {**child_variables(inherited), **(sandbox.policy.variables if sandbox else {})}
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
            with contextlib.ExitStack() as files:
                try:
                    process, output = await self._start(check, text, mark, files)
                except (OSError, ValueError):
                    return None
                try:
                    async with asyncio.timeout(LIMIT_S):
                        printed = await _drain(output)
                        if printed is None:
                            return None
                        return Ended(await process.wait(), printed.decode("utf-8", "replace"))
                except TimeoutError:
                    return None
                finally:
                    if process.returncode is None:
                        kill(lambda: family(mark, {process.pid}))
                        await process.wait()

    async def _start(
        self, check: Check, text: str | None, mark: str, files: contextlib.ExitStack
    ) -> tuple[Running, asyncio.StreamReader]:
        """Its process and what it prints. Raises OSError or ValueError where it cannot be started."""
        marks = {MARK_VARIABLE: self._outer_marks + mark, "PWD": str(check.cwd)}
        variables = {**self._variables, **check.checker.variables, **marks}
        if self._sandbox is not None:
            await self._sandbox.start()
        given = _file_with(text, self._sandbox.exchange if self._sandbox else None, files)
        # The redirections are a shell's: they are the same inside and outside.
        quiet = "" if check.checker.errors_too else " 2>/dev/null"
        argv = ("/bin/sh", "-c", f'exec "$@" <"$0"{quiet}', given, *check.argv)
        read_end, write_end = os.pipe()
        files.callback(os.close, read_end)
        try:
            process = await self._spawn(argv, check.cwd, variables, write_end)
        finally:
            os.close(write_end)
        return process, await _reader(os.dup(read_end))

    async def _spawn(self, argv: Sequence[str], cwd: Path, variables: Mapping[str, str], output: int) -> Running:
        if self._sandbox is not None:
            return await self._sandbox.spawn(argv, cwd, variables, output)
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=variables,
            start_new_session=True,
        )

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


def _file_with(text: str | None, folder: Path | None, files: contextlib.ExitStack) -> str:
    """The name of a file to read `text` from. Raises OSError.

    In a folder that commands can write to as well, so it is a new file: a link that waits there is not followed.
    """
    if text is None:
        return os.devnull
    descriptor, name = tempfile.mkstemp(prefix="kimicode-", dir=folder)
    files.callback(lambda: Path(name).unlink(missing_ok=True))
    with open(descriptor, "wb") as file:
        file.write(text.encode("utf-8", "replace"))
    return name


async def _reader(descriptor: int) -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb"))
    return reader


async def _drain(output: asyncio.StreamReader) -> bytes | None:
    """All that it prints; None where that is too much."""
    printed = bytearray()
    while chunk := await output.read(_CHUNK):
        printed += chunk
        if len(printed) > MOST_OUTPUT:
            return None
    return bytes(printed)
