"""Where a quoted piece of text stands in a file: exactly, or with a few named tolerances for how models misquote.

All texts here have "\\n" for line endings. A tolerant match adapts the new text to the file, so that lines which the
edit repeats unchanged keep the file's own whitespace.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate, islice

MOST = 20
"""Matches that are looked for; beyond it the number no longer matters."""

_NUMBER = re.compile(r"^ *(\d+)(?:[\t→]|$)")
_BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class Match:
    """text[start:end] is what the quote means; `new` is to stand there; `note` says what was tolerated."""

    start: int
    end: int
    new: str
    note: str = ""


def find(text: str, old: str, new: str) -> list[Match]:
    """The places where `old` stands: exact ones or, without any, those of the first tolerance that finds some."""
    for quoted, wanted, note in _readings(old, new):
        for way, tolerance in _WAYS:
            if found := list(islice(way(text, quoted, wanted), MOST)):
                notes = "; ".join(filter(None, (note, tolerance)))
                return [replace(match, note=notes) for match in found]
    return []


def occurrences(text: str, old: str) -> Iterator[int]:
    """The offsets of `old` in `text`, overlapping ones too."""
    at = text.find(old)
    while at >= 0:
        yield at
        at = text.find(old, at + 1)


def _readings(old: str, new: str) -> Iterator[tuple[str, str, str]]:
    yield old, new, ""
    bare = _without_numbers(old)
    if bare is not None and bare.strip():
        stripped = "\n".join(_NUMBER.sub("", line) for line in new.split("\n"))
        yield bare, stripped, "line-number prefixes were removed"


def _without_numbers(old: str) -> str | None:
    """The text without the line numbers that `view` puts in front; None if it has none or they do not count up."""
    lines = old.removesuffix("\n").split("\n")
    found = [_NUMBER.match(line) for line in lines]
    numbers = [int(match[1]) for match in found if match]
    if len(numbers) < len(lines) or numbers != list(range(numbers[0], numbers[0] + len(lines))):
        return None
    return "\n".join(_NUMBER.sub("", line) for line in lines) + "\n" * old.endswith("\n")


def _exact(text: str, old: str, new: str) -> Iterator[Match]:
    for at in occurrences(text, old):
        yield Match(at, at + len(old), new)


def _trailing(text: str, old: str, new: str) -> Iterator[Match]:
    before, after, swallow = _bodies(old, new)
    pattern = r"[ \t]*\n".join(re.escape(line.rstrip(_BLANKS)) for line in before)
    if before[-1] != before[-1].rstrip(_BLANKS) or old.endswith("\n"):
        pattern += r"[ \t]*$"
    if not before[0].rstrip(_BLANKS):
        pattern = rf"(?<![ \t]){pattern}"  # else each blank of a long run would be tried as a start
    for found in re.finditer(pattern, text, re.MULTILINE):
        lines = _adopt(found[0].split("\n"), before, after, str)
        yield Match(found.start(), _past_newline(text, found.end(), swallow), "\n".join(lines))


def _reindented(text: str, old: str, new: str) -> Iterator[Match]:
    before, after, swallow = _bodies(old, new)
    lines = text.split("\n")
    keys, wanted = [line.strip(_BLANKS) for line in lines], [line.strip(_BLANKS) for line in before]
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    for at in range(len(lines) - len(before) + 1):
        stop = at + len(before)
        if keys[at] != wanted[0] or keys[at:stop] != wanted:
            continue
        shift = _shift(before, lines[at:stop])
        if shift is not None:
            adapted = _adopt(lines[at:stop], before, after, shift)
            yield Match(starts[at], _past_newline(text, starts[stop] - 1, swallow), "\n".join(adapted))


_WAYS: tuple[tuple[Callable[[str, str, str], Iterator[Match]], str], ...] = (
    (_exact, ""),
    (_trailing, "whitespace at line ends was ignored"),
    (_reindented, "indentation differed, new_str was re-indented to fit"),
)


def _bodies(old: str, new: str) -> tuple[list[str], list[str], bool]:
    """Both texts as lines without a final newline that they share; True if the newline after the match goes too."""
    if not old.endswith("\n"):
        return old.split("\n"), new.split("\n"), False
    return old[:-1].split("\n"), new.removesuffix("\n").split("\n"), not new.endswith("\n")


def _past_newline(text: str, end: int, swallow: bool) -> int:
    return min(end + swallow, len(text))


def _adopt(
    actual: Sequence[str], before: Sequence[str], after: Sequence[str], fresh: Callable[[str], str]
) -> list[str]:
    """The lines of `after`: those that `before` has too as they stand in the file, the others through `fresh`."""
    lines = [fresh(line) for line in after]
    for i, j, size in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        lines[j : j + size] = actual[i : i + size]
    return lines


_CONVERSIONS: tuple[Callable[[str], str], ...] = (
    lambda indent: indent,
    lambda indent: indent.replace(" " * 4, "\t"),
    lambda indent: indent.replace(" " * 2, "\t"),
    lambda indent: indent.replace(" " * 8, "\t"),
    lambda indent: indent.expandtabs(4),
    lambda indent: indent.expandtabs(2),
    lambda indent: indent.expandtabs(8),
)


def _shift(before: Sequence[str], actual: Sequence[str]) -> Callable[[str], str] | None:
    """How to move lines from the quote's indentation to the file's; None unless one rule fits every line."""
    pairs = [
        (_indent(quoted), _indent(line)) for quoted, line in zip(before, actual, strict=True) if quoted.strip(_BLANKS)
    ]
    for convert in _CONVERSIONS:
        moved = [(convert(quoted), found) for quoted, found in pairs]
        quoted, found = moved[0]
        add = found[: len(found) - len(quoted)] if len(found) > len(quoted) else ""
        cut = quoted[: len(quoted) - len(found)] if len(quoted) > len(found) else ""
        if all(cut + line == add + quote for quote, line in moved):
            return lambda line, convert=convert, add=add, cut=cut: _move(line, convert, add, cut)  # type: ignore[misc]
    return None


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(_BLANKS))]


def _move(line: str, convert: Callable[[str], str], add: str, cut: str) -> str:
    indent = _indent(line)
    if indent == line:
        return line
    return add + convert(indent)[len(cut) :] + line[len(indent) :]
