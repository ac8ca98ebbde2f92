"""The loop guard: the same call with the same result, over and over, is noticed, reminded of, and stopped."""

import hashlib
from collections import Counter

from kimicode.agent.flow import Stuck
from kimicode.messages import Text, ToolCall, ToolResult

REMIND_AT = (3, 5)
STOP_AT = 8
REMIND_FAILED_AT = 2
"""A call that was refused is refused again: the second time is already one too many."""


class LoopGuard:
    """Counts (call, result) pairs. A new edit forgives earlier looks: the same test may run after each edit."""

    def __init__(self) -> None:
        self._counts: Counter[bytes] = Counter()
        self._edits: Counter[bytes] = Counter()
        self.stuck = ""

    def note(self, call: ToolCall, result: ToolResult, *, edited: bool) -> str:
        """Count one call; returns a reminder to put behind the result, or ""."""
        key = _key(call, result)
        counts = self._edits if edited else self._counts
        counts[key] += 1
        times = counts[key]
        if edited and times == 1:
            self._counts.clear()
        if times >= STOP_AT:
            self.stuck = f"the same {call.name} call brought the same result {times} times"
        if times in REMIND_AT or (result.is_error and times >= REMIND_FAILED_AT):
            return (
                f"You have made exactly this call {times} times, with the same result each time. Do not repeat it: "
                "view a file you have not seen, or try a different change."
            )
        return ""

    def check(self) -> None:
        """Raises Stuck once a call was repeated to the limit; asked when its result is safely recorded."""
        if self.stuck:
            raise Stuck(self.stuck)


def _key(call: ToolCall, result: ToolResult) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for text in (call.name, call.arguments, *(p.text if isinstance(p, Text) else p.data for p in result.content)):
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.digest()
