"""What events mean for the state: a fold, one event at a time."""

import time
from collections.abc import Callable
from typing import Any

from kimicode.events import (
    Event,
    ModeChanged,
    ModelChanged,
    PartStarted,
    PartUpdated,
    PlanUpdated,
    RetryScheduled,
    Rewound,
    SessionStarted,
    StepStarted,
    TitleChanged,
    ToolStarted,
    TurnStarted,
    UsageUpdated,
)
from kimicode.llm.tokens import tokens_of_text
from kimicode.messages import Usage
from kimicode.sessions.replay import History
from kimicode.sessions.titles import title_from

SETTLED_S = 0.5
"""A speed is not shown before it was measured for this long."""

WAITING = "waiting for the model"
"""What it does from a request to the first piece of its answer; a long prompt takes a while to read."""


class Watch:
    """Turns events into changes of `State`'s fields."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = 0.0
        self._tokens = 0
        self._earlier = Usage()
        self._named = False
        """Whether the session has a title already: otherwise its first prompt gives it one."""

    def resume(self, past: History) -> None:
        """The session goes on from what was there before."""
        self._earlier, self._named = past.usage, bool(past.title or past.turns)

    def changes(self, event: Event) -> dict[str, Any]:
        """The fields that are different from now on; none for most events."""
        match event:
            case PartUpdated():
                return self._streamed(event.delta)
            case StepStarted():
                self._since = 0.0
                return {"steps": event.step, "speed": 0.0, "doing": WAITING}
            case UsageUpdated():
                context = {"context_tokens": event.context_tokens} if event.context_tokens else {}
                return {"usage": self._earlier + event.total, "window": event.window, "speed": 0.0, **context}
            case PartStarted() | ToolStarted():
                return {"doing": ""}
            case RetryScheduled():
                self._since = 0.0
                said = f"{event.reason}; attempt {event.attempt + 1} of {event.attempts}"
                return {"doing": said, "speed": 0.0}
            case TurnStarted():
                return {"problem": None, "planned": False, "doing": "", **self._title_from(event.prompt)}
            case TitleChanged():
                self._named = True
                return {"title": event.title}
            case _:
                return _settings(event)

    def _title_from(self, prompt: str) -> dict[str, Any]:
        if self._named:
            return {}
        self._named = True
        return {"title": title_from(prompt)}

    def _streamed(self, delta: str) -> dict[str, Any]:
        now = self._clock()
        if not self._since:
            self._since, self._tokens = now, 0
            return {}
        self._tokens += tokens_of_text(delta)
        seconds = now - self._since
        return {"speed": float(round(self._tokens / seconds))} if seconds >= SETTLED_S else {}


def _settings(event: Event) -> dict[str, Any]:
    match event:
        case SessionStarted():
            told = {"session_id": event.session_id, "model": event.model, "mode": event.mode}
            return {**told, "sandbox": event.sandbox}
        case ModeChanged():
            return {"mode": event.mode, "planned": False}
        case ModelChanged():
            return {"model": event.model, "thinking": event.thinking, "window": event.window}
        case PlanUpdated():
            return {"plan": event.steps}
        case Rewound():
            return {"plan": event.plan}
        case _:
            return {}
