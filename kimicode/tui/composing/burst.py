"""Keys that come faster than anyone types: a paste into a terminal that does not mark pastes."""

from dataclasses import dataclass, field

PACE = 0.008
"""Seconds between two keys of a burst at most; the fastest key repeat takes four times as long."""
SETTLED = 0.05
"""Seconds of silence after which to look whether a burst is over."""
_UNSUSPICIOUS = 3
"""Keys in a row that may come this fast: a pair of keys pressed at once, an input method's word."""


@dataclass(slots=True)
class Burst:
    """Tells pasted keys from typed ones by their times, and holds the pasted ones back until they are over.

    So an Enter within them becomes a line feed and sends nothing.
    """

    held: list[str] = field(default_factory=list)
    lead: str = ""
    """The keys at the beginning, which were let through."""
    last: float = float("-inf")
    """When the last key was pressed, in seconds."""
    _going_on: bool = False
    """Also after a part was released: the next key at this pace belongs to it."""

    def takes(self, character: str, at: float) -> bool:
        """Whether a printable key, tab or Enter ("\\n") pressed `at` seconds is part of a burst, and so held back."""
        if at - self.last > PACE and not self.held:
            self.lead, self._going_on = "", False
        self.last = at
        if len(self.lead) < _UNSUSPICIOUS and not self._going_on:
            self.lead += character
            return False
        self._going_on = True
        self.held.append(character)
        return True

    def release(self) -> tuple[str, bool]:
        """What was held, and whether it is to be sent: one line and an Enter at its very end."""
        text = "".join(self.held)
        self.held.clear()
        self.lead = ""
        submit = text.endswith("\n") and "\n" not in text[:-1]
        return (text[:-1] if submit else text), submit
