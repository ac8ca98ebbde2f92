"""Which words of a changed line differ from the line that it replaces."""

import re
from difflib import SequenceMatcher

Span = tuple[int, int]

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
MOST = 400
"""Words of a line; longer ones are not compared: matching takes time that grows with the square."""
ALIKE = 0.4
"""Lines with less in common are different lines, not changed ones."""


def changes(before: str, after: str) -> tuple[list[Span], list[Span]]:
    """The index ranges that differ in either line; none where the lines have too little in common."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if not old or not new or max(len(old), len(new)) > MOST:
        return [], []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return [], []
    blocks = matcher.get_matching_blocks()
    common = sum(len(word) for block in blocks for word in old[block.a : block.a + block.size] if not word.isspace())
    if 2 * common < ALIKE * (_letters(old) + _letters(new)):
        return [], []
    return (
        _gaps(old, [(block.a, block.a + block.size) for block in blocks]),
        _gaps(new, [(block.b, block.b + block.size) for block in blocks]),
    )


def _letters(words: list[str]) -> int:
    return sum(len(word) for word in words if not word.isspace())


def _gaps(words: list[str], equal: list[Span]) -> list[Span]:
    """The ranges of text between the equal ranges of words."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    spans = []
    at = 0
    for start, end in equal:
        if start > at:
            spans.append((starts[at], starts[start]))
        at = end
    return spans
