"""The two places where commands run: on the machine itself, and in the sandbox. What one leaves, the other never gets.

A place holds what its next command starts with, and the folder in which commands leave what they hand on.
"""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from kimicode.workspace.discard import discard
from kimicode.workspace.environment import child_variables
from kimicode.workspace.job import Launch, Running
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.variables import without_secrets


class Place(Protocol):
    """Where a command runs."""

    variables: dict[str, str]
    """What the next command starts with."""

    async def ready(self) -> Path:
        """The folder that commands may write to for the agent to read. Raises OSError where none can be had."""

    async def spawn(self, launch: Launch, output: int) -> Running:
        """Start it, printing to the descriptor `output`. Raises OSError or ValueError where the system refuses."""

    def remarks(self) -> tuple[str, ...]:
        """What happened to the place itself since the last time this was asked."""

    async def close(self) -> None:
        """Leave nothing on the disk."""

    def kill(self) -> None:
        """Kill what only the place knows of."""


class Machine:
    """Commands with all of the person's rights, in the environment that the agent was started in."""

    def __init__(self, inherited: Mapping[str, str]) -> None:
        self.variables = child_variables(inherited)
        self._private: Path | None = None

    async def ready(self) -> Path:
        if self._private is None or not self._private.is_dir():
            self._private = Path(tempfile.mkdtemp(prefix="kimicode-"))
        return self._private

    async def spawn(self, launch: Launch, output: int) -> Running:
        return await asyncio.create_subprocess_exec(
            *launch.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=launch.cwd,
            env=launch.variables,
            start_new_session=True,
        )

    def remarks(self) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        if self._private is not None:
            discard(self._private)
            self._private = None

    def kill(self) -> None:
        pass


class Enclosure:
    """Commands in the sandbox, without the secrets of the agent's environment."""

    def __init__(self, sandbox: Sandbox, inherited: Mapping[str, str]) -> None:
        self.variables = {**child_variables(without_secrets(inherited)), **sandbox.policy.variables}
        self._sandbox = sandbox

    async def ready(self) -> Path:
        await self._sandbox.start()
        return self._sandbox.exchange

    async def spawn(self, launch: Launch, output: int) -> Running:
        return await self._sandbox.spawn(launch.argv, launch.cwd, launch.variables, output)

    def remarks(self) -> tuple[str, ...]:
        return self._sandbox.remarks()

    async def close(self) -> None:
        await self._sandbox.close()

    def kill(self) -> None:
        self._sandbox.kill()
