"""When to ask again and how long to wait first."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

LONGEST_RETRY_AFTER = 120.0
QUICK = 0.5


class Cause(Enum):
    """What kind of trouble it was; it decides how often to ask again and what the person is told in the end."""

    OVERLOADED = "overloaded"
    UNREACHABLE = "unreachable"
    NOT_RUNNING = "not running"
    """Refused on this very machine: no server is there, and waiting will not start one."""


class Transient(Exception):
    """A request failed in a way that may pass. `retry_after` is the server's wish in seconds."""

    def __init__(self, reason: str, cause: Cause, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential waits with jitter: `base` seconds at first, doubled each time, at most `cap`."""

    attempts: int = 10
    base: float = 1.0
    cap: float = 60.0
    attempts_if_not_running: int = 3

    def attempts_for(self, failure: Transient) -> int:
        """How often a request that fails in this way is made in all."""
        return min(self.attempts, self.attempts_if_not_running) if failure.cause is Cause.NOT_RUNNING else self.attempts

    def wait(self, attempt: int, failure: Transient) -> float:
        """Seconds to wait after the failed `attempt` (from 1); the server's own wish is honoured."""
        if failure.retry_after:
            return failure.retry_after
        cap = QUICK if failure.cause is Cause.NOT_RUNNING else self.cap
        backoff: float = min(cap, self.base * 2.0 ** min(attempt - 1, 30))
        return backoff * random.uniform(0.5, 1.0)  # half at least: the server is to get a rest


DEFAULT_POLICY = RetryPolicy()


def parse_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """A Retry-After header, seconds or a date, in seconds from now within 0..120; None if it says nothing."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - (now or datetime.now(UTC))).total_seconds()
    if seconds != seconds:  # float("nan") parses
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
