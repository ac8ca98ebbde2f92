"""Turns "1h30m" or "250ms" into seconds."""

import re

SECONDS = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 60 * 60,
    "d": 24 * 60 * 60,
    "w": 5 * 24 * 60 * 60,
}

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])")


class DurationError(ValueError):
    pass


def parse(text):
    """Seconds as a float. Parts may be separated by blanks: "2d 4h"."""
    rest = text.strip().lower()
    if not rest:
        raise DurationError("an empty duration")
    total = 0.0
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise DurationError(f"cannot read {rest!r} in {text!r}")
        number, unit = part.groups()
        total += float(number) * SECONDS[unit]
        rest = rest[part.end() :].lstrip()
    return total
