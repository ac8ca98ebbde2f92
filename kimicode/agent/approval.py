"""May this call run? The mode decides; what needs a question goes to whoever can answer it (docs/modes.md)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from kimicode.events import ApprovalRequested, ApprovalResolved, Emit
from kimicode.tools.base import Access

Mode = Literal["plan", "ask", "auto-edit", "auto"]
Answer = tuple[bool, str]
"""Allowed?, and why (shown to the model when it was denied)."""
Asker = Callable[[ApprovalRequested], Awaitable[Answer]]

_FREE: dict[Mode, frozenset[Access]] = {
    "plan": frozenset({Access.READ, Access.CONTROL}),
    "ask": frozenset({Access.READ, Access.CONTROL}),
    "auto-edit": frozenset({Access.READ, Access.CONTROL, Access.WRITE}),
    "auto": frozenset(Access),
}


async def nobody_to_ask(request: ApprovalRequested) -> Answer:
    """The asker of runs without a person: what needs a question is denied."""
    return False, "nobody is here to approve it, and the run's mode does not allow it by itself"


@dataclass(slots=True)
class Approval:
    mode: Mode
    ask: Asker
    emit: Emit
    denied: int = 0

    async def decide(self, call_id: str, name: str, access: Access, question: str) -> Answer:
        """Whether the call may run now, and if not, a reason that tells the model what it may do instead."""
        if access in _FREE[self.mode]:
            return True, ""
        if self.mode == "plan":
            allowed, reason = (
                False,
                "this is plan mode: only look (view, and commands that only read), then submit a plan",
            )
        else:
            request = ApprovalRequested(call_id, name, question)
            self.emit(request)
            allowed, reason = await self.ask(request)
        self.emit(ApprovalResolved(call_id, allowed, reason))
        self.denied += not allowed
        return allowed, reason
