"""Modes, and what a person answers: plain data that a frontend has before it loads the agent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from kimicode.events import ApprovalRequested, Scope

Mode = Literal["plan", "ask", "auto-edit", "auto", "yolo"]
MODES: tuple[Mode, ...] = ("plan", "ask", "auto-edit", "auto", "yolo")


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer: for this call alone, for the session, or as a rule; `reason` are words for the model."""

    allowed: bool
    reason: str = ""
    scope: Scope = "once"


Answer = tuple[bool, str]
"""Allowed?, and why (shown to the model when it was denied)."""
Asker = Callable[[ApprovalRequested], Awaitable[Decision]]
