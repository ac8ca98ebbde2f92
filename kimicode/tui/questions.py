"""Questions to the person that wait for an answer."""

import asyncio
from collections.abc import Callable

from kimicode.agent.decision import Decision
from kimicode.events import ApprovalRequested


class Questions:
    """Oldest first; `changed` is told of all that are open, whenever one comes or goes."""

    def __init__(self, changed: Callable[[tuple[ApprovalRequested, ...]], None]) -> None:
        self._changed = changed
        self._open: dict[str, tuple[ApprovalRequested, asyncio.Future[Decision]]] = {}

    async def ask(self, request: ApprovalRequested) -> Decision:
        """Wait for the answer. Whoever is cancelled meanwhile takes the question back."""
        future: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._open[request.call_id] = request, future
        self._tell()
        try:
            return await future
        finally:
            del self._open[request.call_id]
            self._tell()

    def answer(self, call_id: str, decision: Decision) -> None:
        """An answer to a question that is over already is passed over."""
        _, future = self._open.get(call_id, (None, None))
        if future is not None and not future.done():
            future.set_result(decision)

    def _tell(self) -> None:
        self._changed(tuple(request for request, _ in self._open.values()))
