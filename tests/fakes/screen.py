"""Whoever looks at a conversation: every event and every state, and a way to wait for one."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kimicode.agent.budget import INTERACTIVE, Limits
from kimicode.events import Event
from kimicode.tui.conversation import Conversation
from kimicode.tui.opening import Beginning
from kimicode.tui.state import State

PATIENCE_S = 30.0
"""Only a hang takes this long."""


class Onlooker:
    """Holds a conversation about `folder` with the model at `base_url`, as a screen would."""

    def __init__(self, folder: Path, base_url: str, *, limits: Limits = INTERACTIVE, resume: str = "", **flags: Any):
        self.events: list[Event] = []
        self.states: list[State] = []
        self.faults: list[BaseException] = []
        self._changed = asyncio.Event()
        environ = {"KIMICODE_HOME": os.environ["KIMICODE_HOME"]}
        given = {"base_url": base_url or None, "max_retries": 0, **flags}
        beginning = Beginning(environ, folder, given, limits, resume)
        self.conversation = Conversation(beginning, self._heard, self._saw, self.faults.append)

    async def __aenter__(self) -> "Onlooker":
        self.conversation.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.conversation.close()
        assert not self.faults, self.faults

    @property
    def state(self) -> State:
        return self.conversation.state

    async def until(self, seen: Callable[[State], Any]) -> State:
        """Wait until the state is as wanted."""
        return await self._wait(lambda: seen(self.state))

    async def heard(self, kind: type[Event], times: int = 1) -> Any:
        """Wait until events of this kind came so many times; the last of them."""
        await self._wait(lambda: len(self.of(kind)) >= times)
        return self.of(kind)[times - 1]

    async def idle(self) -> State:
        """Wait until nothing is to be done any more."""
        return await self.until(lambda state: state.phase == "idle" and (not state.queue or state.held))

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def _wait(self, there: Callable[[], Any]) -> State:
        async with asyncio.timeout(PATIENCE_S):
            while not there():
                self._changed.clear()
                await self._changed.wait()
        return self.state

    def _heard(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def _saw(self, state: State) -> None:
        self.states.append(state)
        self._changed.set()
