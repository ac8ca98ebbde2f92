"""What a regular expression may cost, read off its text without recursion before any compiler sees it."""

import re

REGEX_BYTES = 4 << 10
REGEX_DEPTH = 64
REGEX_LENGTH = 10_000
"""Characters and classes of a pattern with its counted repetitions written out. `((a{1000}){1000}){1000}` takes the
compiler seconds, or for ever."""

_ESCAPED = re.compile(r"\\(?:[pPxuU]\{[^}]*\}|.)", re.DOTALL)
_COUNTED = re.compile(r"\{\s*(\d*)\s*(?:,\s*(\d*)\s*)?\}")
_VERBOSE = re.compile(r"\(\?[a-zA-Z]*x")


def regex_complaint(pattern: str) -> str | None:
    """Why a pattern is not even tried; None if it is small enough."""
    try:
        size = len(pattern.encode())
    except UnicodeEncodeError:
        return "it holds half a surrogate pair"
    if size > REGEX_BYTES:
        return f"it has {size} bytes; at most {REGEX_BYTES} are possible"
    plain = _ESCAPED.sub("e", pattern)
    if _VERBOSE.search(plain):
        return "it switches to verbose mode, which is not served"
    if _depth(plain) > REGEX_DEPTH:
        return f"it is nested more than {REGEX_DEPTH} levels deep"
    if _written_out(plain) > REGEX_LENGTH:
        return f"with its repetitions written out it is longer than {REGEX_LENGTH} characters"
    return None


def _depth(pattern: str) -> int:
    depth = deepest = 0
    for character in pattern:
        depth += (character in "([") - (character in ")]" and depth > 0)
        deepest = max(deepest, depth)
    return deepest


def _written_out(pattern: str) -> int:
    """The length of a pattern without escapes; a class counts as one, and a repetition as often as it may come."""
    lengths, last, inside, place = [0], 0, 0, 0
    while place < len(pattern):
        character = pattern[place]
        counted = _COUNTED.match(pattern, place) if character == "{" and not inside else None
        if counted:
            times = int(counted[2] or counted[1] or 1)
            lengths[-1] += last * (times - 1)
            last *= times
        elif character == "[" or inside:
            inside += (character == "[") - (character == "]")
            last = 1
            lengths[-1] += not inside
        elif character == "(":
            lengths.append(0)
        elif character == ")" and len(lengths) > 1:
            last = lengths.pop()
            lengths[-1] += last
        elif character not in "*+?|":
            last = 1
            lengths[-1] += 1
        place = counted.end() if counted else place + 1
    return sum(lengths)
