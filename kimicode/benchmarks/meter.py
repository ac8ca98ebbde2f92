"""CPU seconds of this process by account, and a journal, a model and tools that charge theirs.

Exactly one account is charged at any time for the thread that runs the loop; what nobody else claims is the loop's.
What other threads do meanwhile is charged to `behind`, but for those that work for a tool.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from kimicode.events import Event
from kimicode.llm.model import Model, ModelReply, ModelRequest, OnRetry
from kimicode.messages import OnPiece, Piece
from kimicode.sessions.journal import Journal
from kimicode.tools.base import Tool, ToolContext, ToolOutcome

Account = Literal["loop", "journal", "model", "tools", "behind"]


class Meter:
    """`spent` is in CPU seconds; children are not counted. `waited` is wall time, for the disk alone.

    To be used in one thread.
    """

    def __init__(self) -> None:
        self.spent: dict[Account, float] = {"loop": 0.0, "journal": 0.0, "model": 0.0, "tools": 0.0, "behind": 0.0}
        self.waited = 0.0
        self._account: Account = "loop"
        self._since = self._now()

    @contextlib.contextmanager
    def charge(self, account: Account) -> Iterator[None]:
        """Within this context `account` pays, then again who paid before."""
        before = self.switch(account)
        try:
            yield
        finally:
            self.switch(before)

    def switch(self, account: Account) -> Account:
        """Close the running account's bill, let `account` pay from now on, and return who paid so far."""
        now = self._now()
        own, behind = now[0] - self._since[0], max(0.0, now[1] - self._since[1])
        before = self._account
        self.spent[before] += own
        self.spent["tools" if before == "tools" else "behind"] += behind
        self._account, self._since = account, now
        return before

    @staticmethod
    def _now() -> tuple[float, float]:
        """CPU seconds of this thread, and of all others."""
        own = time.thread_time()
        return own, time.process_time() - own


class MeasuredJournal(Journal):
    """A journal that says what it costs: CPU to the account `journal`, the wait for the disk to `waited`."""

    meter: Meter

    @classmethod
    def measured(cls, folder: Path, meter: Meter) -> "MeasuredJournal":
        """Begin a session in a new folder."""
        journal = cls.create(folder)
        assert isinstance(journal, cls)
        journal.meter = meter
        return journal

    def append(self, event: Event) -> None:
        wall = time.perf_counter()
        cpu = self.meter.spent["journal"]
        with self.meter.charge("journal"):
            super().append(event)
        self.meter.waited += time.perf_counter() - wall - (self.meter.spent["journal"] - cpu)


class MeasuredModel:
    """A model whose own time goes to the account `model`; what the loop does with a piece stays the loop's."""

    def __init__(self, model: Model, meter: Meter) -> None:
        self._model = model
        self._meter = meter

    async def complete(self, request: ModelRequest, on_piece: OnPiece, on_retry: OnRetry) -> ModelReply:
        """Ask the model behind it."""

        def taken(piece: Piece) -> None:
            before = self._meter.switch("loop")
            on_piece(piece)
            self._meter.switch(before)

        with self._meter.charge("model"):
            return await self._model.complete(request, taken, on_retry)

    async def close(self) -> None:
        await self._model.close()


def measured_tools(tools: dict[str, Tool[Any]], meter: Meter) -> dict[str, Tool[Any]]:
    """The same tools; what they do goes to the account `tools`."""
    return {name: _measured(tool, meter) for name, tool in tools.items()}


def _measured(tool: Tool[Any], meter: Meter) -> Tool[Any]:
    async def run(self: Tool[Any], arguments: Any, context: ToolContext) -> ToolOutcome:
        with meter.charge("tools"):
            return await tool.run(arguments, context)

    # A kind of its own for each tool, and in the tool's module: that is where its description lies.
    kind: Callable[[], Tool[Any]] = type(tool.name, (type(tool),), {"__module__": type(tool).__module__, "run": run})
    return kind()
