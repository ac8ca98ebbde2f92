"""Keys that come faster than anyone types: a paste into a terminal that does not mark pastes."""

from dataclasses import dataclass, field

PACE = 0.008
"""Seconds between two keys of a burst at most; the fastest key repeat takes four times as long."""
SETTLED = 0.05
"""Seconds of silence after which to look whether a burst is over."""
SHADOW = 0.5
"""Seconds after a burst in which an Enter still belongs to it: a paste may stall between any two of its keys."""
ENTER = "\r"
_UNSUSPICIOUS = 3
"""Keys in a row that may come this fast: a pair of keys pressed at once, an input method's word."""


@dataclass(slots=True)
class Burst:
    """Tells pasted keys from typed ones by their times, and holds the pasted ones back until they are over.

    Every Enter is held back until it is known to stand alone: not within a burst, not at its end, not in its shadow.
    Only then it is obeyed; elsewhere it is text. So a paste is never sent, however it stalls.
    """

    held: list[str] = field(default_factory=list)
    lead: str = ""
    """The keys at the beginning, which were let through."""
    last: float = float("-inf")
    """When the last key was pressed, in seconds."""
    entered: bool = False
    """What is held is an Enter that stands alone so far."""
    _burst: float = float("-inf")
    """When the last key of a burst was pressed."""

    def takes(self, key: str, at: float) -> bool:
        """Whether a printable key, tab, line feed or ENTER, pressed `at` seconds, is held back."""
        fast, shadowed = at - self.last <= PACE, at - self._burst <= SHADOW
        self.last = at
        if not fast and not self.held:
            self.lead = ""
        if self.held or (fast and (key == ENTER or shadowed or len(self.lead) >= _UNSUSPICIOUS)):
            self.entered, self._burst = False, at
        elif key == ENTER:
            self.entered = not shadowed
        else:
            self.lead += key
            return False
        self.held.append(key)
        return True

    def is_over(self, at: float) -> bool:
        """Whether an Enter is held that stood alone when another key came `at` seconds."""
        return self.entered and at - self.last > PACE

    def release(self) -> str:
        """What was held; nothing is any more."""
        text = "".join(self.held)
        self.held.clear()
        self.lead, self.entered = "", False
        return text
