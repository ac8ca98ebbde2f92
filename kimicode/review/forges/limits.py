"""How long a forge's rate limits ask to wait, read from its answers alone.

GitHub: Retry-After, else x-ratelimit-reset where nothing remains, else a minute, doubled each time. GitLab's are a part
of that.
"""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from kimicode.review.forges.answer import Answer

UNNAMED_S = 60.0
_SECONDARY = ("secondary rate limit", "abuse detection", "submitted too quickly")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a forge is waited for: tries of one request, seconds between them, and seconds in all."""

    attempts: int = 5
    first_s: float = 1.0
    longest_s: float = 30.0
    in_all_s: float = 300.0
    """All waits of one client together; beyond that it gives up."""
    answer_s: float = 60.0
    """For one whole answer, body included."""
    settle_s: float = 3.0
    """Before we look whether something was done to which no answer came."""


def asked_wait(answer: Answer, attempt: int) -> float | None:
    """Seconds to wait before the next try, after the failed `attempt` (from 1); None where no limit was the reason."""
    if not _limited(answer):
        return None
    named = answer.headers.get("retry-after", "").strip()
    if named.isdecimal():
        return float(named)
    reset = _header(answer, "reset")
    if _header(answer, "remaining") == "0" and reset.isdecimal():
        return max(0.0, float(reset) - _now(answer)) + 1.0
    return UNNAMED_S * 2.0 ** (attempt - 1)


def _limited(answer: Answer) -> bool:
    """A 403 is one only if something says so: most of them are about rights."""
    if answer.status == 429:
        return True
    words = answer.words().lower()
    if answer.status == 422:
        return _SECONDARY[-1] in words
    if answer.status != 403:
        return False
    return (
        "retry-after" in answer.headers
        or _header(answer, "remaining") == "0"
        or any(words_of_limit in words for words_of_limit in _SECONDARY)
    )


def _header(answer: Answer, name: str) -> str:
    """GitHub's headers begin with x-, GitLab's do not."""
    return (answer.headers.get(f"x-ratelimit-{name}") or answer.headers.get(f"ratelimit-{name}") or "").strip()


def _now(answer: Answer) -> float:
    """Seconds of the epoch by the forge's own clock where it tells it: ours may be wrong."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return time.time()
