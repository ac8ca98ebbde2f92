"""What was said and done in a conversation so far, and the ways back into it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kimicode.agent.context import Context
    from kimicode.agent.interactive import InteractiveSession
    from kimicode.agent.undo import Goal
    from kimicode.workspace.restore import Plan


class Past:
    """`live` gives the open session, `idle` the same while nothing works; both raise UsageError where there is none.

    `returned` is called once the session went back.
    """

    def __init__(
        self,
        live: "Callable[[], InteractiveSession]",
        idle: "Callable[[], InteractiveSession]",
        returned: Callable[[], None],
    ) -> None:
        self._live, self._idle, self._returned = live, idle, returned

    def prompts(self) -> list[tuple[str, str]]:
        """Turn id and prompt of each turn of the conversation, oldest first."""
        return list(self._live().turns)

    def context(self) -> "Context":
        """What fills the window. Raises UsageError before the session is open."""
        return self._live().context()

    def rename(self, title: str) -> None:
        """Raises DiskError, UsageError."""
        self._live().rename(title)

    async def way_back(self, to: str = "") -> "tuple[Goal, Plan]":
        """What going back to before the last turn, a turn ("t3") or a step ("7") would mean. Raises KimicodeError."""
        return await self._idle().way_back(to)

    async def go_back(self, goal: "Goal", plan: "Plan", *, force: bool = False) -> str:
        """Files and conversation, as the goal says; returns the prompt that was taken back. Raises KimicodeError."""
        prompt = await self._idle().go_back(goal, plan, force=force)
        self._returned()
        return prompt

    async def fork(self, turn_id: str | None = None) -> str:
        """The id of a new session that begins with this one, up to that prompt. Raises KimicodeError."""
        return await self._live().fork(turn_id)
