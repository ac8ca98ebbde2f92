"""Notices a stream that has begun to repeat itself, so that it can be stopped before it fills the window.

Prose counts as stuck after 800 repeated characters. Arguments carry files, where tables of zeros are honest work:
there it takes 4,000.
"""

LONGEST_BLOCK = 200
FEWEST_REPEATS = 12
REPEATED_PROSE = 800
REPEATED_ARGUMENTS = 4_000
BLANKS = 4_000
CHECK_EVERY = 128
_TAIL = REPEATED_ARGUMENTS + 2 * LONGEST_BLOCK


class RepetitionGuard:
    """Watches one channel of a stream (text, thinking, or one call's arguments)."""

    def __init__(self, *, arguments: bool = False) -> None:
        self._least = REPEATED_ARGUMENTS if arguments else REPEATED_PROSE
        self._tail = ""
        self._unchecked = 0

    def feed(self, fragment: str) -> bool:
        """True once the end of the stream repeats itself."""
        self._unchecked += len(fragment)
        self._tail += fragment
        if self._unchecked < CHECK_EVERY:
            return False
        self._unchecked = 0
        self._tail = self._tail[-_TAIL:]
        blank = len(self._tail) >= BLANKS and self._tail[-BLANKS:].isspace()
        return blank or self._period() > 0

    def _period(self) -> int:
        period = _period_of_end(self._tail)
        length = max(self._least, FEWEST_REPEATS * period)
        if not period or len(self._tail) < length:
            return 0
        end = self._tail[-length:]
        return period if end[period:] == end[:-period] else 0


def cut_repeats(text: str) -> str:
    """`text` without its repeated end; one block of the repetition stays."""
    stripped = text.rstrip()
    if len(text) - len(stripped) >= BLANKS:
        return stripped
    period = _period_of_end(text)
    if not period:
        return text
    start = len(text) - period
    while start > 0 and text[start - 1] == text[start - 1 + period]:
        start -= 1
    return text[: start + period]


def _period_of_end(text: str) -> int:
    """The length of the block that the last 400 characters repeat, or 0.

    The probe is twice as long as the longest block, so two periods in it cannot contradict each other (Fine and Wilf).
    """
    probe = text[-2 * LONGEST_BLOCK :]
    if len(probe) < 2 * LONGEST_BLOCK:
        return 0
    window = text[-3 * LONGEST_BLOCK : -1]
    found = window.rfind(probe)
    return len(window) + 1 - len(probe) - found if found >= 0 else 0
