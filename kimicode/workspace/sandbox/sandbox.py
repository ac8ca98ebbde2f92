"""Where the commands of a session run confined: started when it is needed, and anew after a command has ended it."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kimicode.workspace.discard import discard
from kimicode.workspace.sandbox.layers import Layer
from kimicode.workspace.sandbox.policy import Policy
from kimicode.workspace.sandbox.supervisor import ANSWER_LIMIT_S, Command, SandboxError, Supervisor

if TYPE_CHECKING:
    from kimicode.workspace.network.proxy import Proxy


class Sandbox:
    """One policy, enforced by one layer. Close it: nothing that ever ran in it outlives that."""

    def __init__(
        self, layer: Layer, policy: Policy, *, proxy: "Proxy | None" = None, patience: float = ANSWER_LIMIT_S
    ) -> None:
        """`proxy` is how the hosts of the policy are reached; without one none of them is.

        After `patience` seconds without an answer it is ended, and started anew for the next command.
        """
        self.layer = layer
        self.policy = policy
        self.proxy = proxy
        self._patience = patience
        self._supervisor: Supervisor | None = None
        self._exchange: Path | None = None
        self._turn = asyncio.Lock()
        self._remarks: list[str] = []
        self._uncovered: tuple[Path, ...] = ()

    @property
    def exchange(self) -> Path:
        """The folder that commands may write to for the agent to read; there is one after `start`."""
        assert self._exchange is not None
        return self._exchange

    async def start(self) -> bool:
        """Start it unless it runs; whether it had to be. Raises SandboxError where it cannot be."""
        async with self._turn:
            if self._supervisor is not None and self._stands(self._supervisor):
                return False
            await self._end()
            if self._exchange is None or not self._exchange.is_dir():
                self._exchange = _new_folder()
            policy = replace(self.policy, writable=(*self.policy.writable, self._exchange))
            self._supervisor = await Supervisor.start(self.layer, policy, self._patience)
            if self.proxy is not None and self._supervisor.door is not None:
                await self.proxy.serve(self._supervisor.door)
            return True

    async def spawn(self, argv: Sequence[str], cwd: Path, variables: Mapping[str, str], output: int) -> Command:
        """Start a command that prints to the descriptor `output`: as `Supervisor.spawn`, which says what it raises."""
        await self.start()
        assert self._supervisor is not None
        return await self._supervisor.spawn(argv, cwd, variables, output)

    def _stands(self, supervisor: Supervisor) -> bool:
        """Whether the next command may run in it. What runs is not ended for a file that somebody replaced."""
        if not supervisor.alive:
            return False
        fallen = supervisor.fallen()
        if not fallen or not supervisor.busy:
            return not fallen
        if fallen != self._uncovered:
            self._uncovered = fallen
            names = ", ".join(map(str, fallen))
            self._remarks.append(
                f"{names}: replaced since the sandbox was started, and not covered until nothing runs in it"
            )
        return True

    def remarks(self) -> tuple[str, ...]:
        """What went wrong with the sandbox itself since the last time this was asked."""
        self._hear()
        remarks, self._remarks = tuple(self._remarks), []
        return (*remarks, *self.proxy.remarks()) if self.proxy is not None else remarks

    async def close(self) -> None:
        """End everything that runs in it, and remove what it left on the disk."""
        async with self._turn:
            await self._end()
            if self._exchange is not None:
                discard(self._exchange)
                self._exchange = None

    def kill(self) -> None:
        """Kill everything in it without waiting for the event loop: for a process that is about to end itself."""
        if self._supervisor is not None:
            self._supervisor.kill()

    def _hear(self) -> None:
        if self._supervisor is not None and self._supervisor.remark:
            self._remarks.append(self._supervisor.remark)
            self._supervisor.remark = ""

    async def _end(self) -> None:
        if self.proxy is not None:
            await self.proxy.close()
        if self._supervisor is not None:
            self._hear()
            supervisor, self._supervisor = self._supervisor, None
            await supervisor.close()
            if supervisor.last_words:
                self._remarks.append(f"what the sandbox said before it ended: {supervisor.last_words}")


def _new_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="kimicode-")).resolve()
    except OSError as error:
        raise SandboxError(f"the sandbox cannot be started without a temporary folder: {error}") from error
