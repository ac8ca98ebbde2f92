"""For a quote that stands nowhere in a file: the lines most like it, and in what they differ."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

from kimicode.workspace.encoding import showable
from kimicode.workspace.excerpt import WIDEST, numbered

SHOWN = 15
_AROUND = 2
_ANCHORS = 4
_LONGEST_FILE = 20_000
"""Lines beyond which only equal lines are looked for, to stay quick."""

_WORD = re.compile(r"\w+")
_TYPOGRAPHIC = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "\u00a0": " "})


def nearest(lines: Sequence[str], old: str) -> str:
    """A text for the model: the lines nearest to `old`, at most 15, and what differs; empty if nothing is near."""
    quoted = [line[:WIDEST] for line in old.strip("\n").split("\n")]
    start = _best_start(lines, quoted)
    if start is None:
        return ""
    window = [line[:WIDEST] for line in lines[start : start + len(quoted)]]
    top = max(start - _AROUND, 0)
    shown = numbered(lines[top : start + len(quoted) + _AROUND][:SHOWN], top + 1)
    return f"The nearest lines differ in {_difference(quoted, window, start + 1)}:\n{shown}"


def _best_start(lines: Sequence[str], quoted: Sequence[str]) -> int | None:
    """Every line of the file that resembles a line of the quote votes for where the quote would begin."""
    votes: Counter[int] = Counter()
    offsets = sorted(range(len(quoted)), key=lambda i: len(quoted[i].strip()), reverse=True)
    keys = {key: i for i in reversed(offsets) if (key := quoted[i].strip().casefold())}
    for number, line in enumerate(lines):
        offset = keys.get(line.strip().casefold())
        if offset is not None:
            votes[number - offset] += 100
    if len(lines) <= _LONGEST_FILE:
        for offset in offsets[:_ANCHORS]:
            _vote_by_words(lines, quoted[offset], offset, votes)
    if not votes:
        return None
    start, weight = min(votes.items(), key=lambda item: (-item[1], item[0]))
    return max(start, 0) if weight >= 50 else None


def _vote_by_words(lines: Sequence[str], anchor: str, offset: int, votes: Counter[int]) -> None:
    words = set(_WORD.findall(anchor))
    if not words:
        return
    for number, line in enumerate(lines):
        if words.isdisjoint(found := _WORD.findall(line[:500])):
            continue
        both = set(found)
        shared = 200 * len(words & both) // (len(words) + len(both))
        if shared >= 50:
            votes[number - offset] += shared


def _difference(quoted: Sequence[str], window: Sequence[str], first: int) -> str:
    one, other = "\n".join(quoted), "\n".join(window)
    for name, simplify in _SIMPLER:
        if simplify(one) == simplify(other):
            return name
    for number, (quote, line) in enumerate(zip(quoted, window, strict=False), first):
        if quote.rstrip() != line.rstrip():
            return f"line {number}, where old_str has {showable(quote.strip()[:200])!r}"
    return f"their number: old_str goes on after line {first + len(window) - 1}, the last of the file"


def _spaceless(text: str) -> str:
    return "".join(text.split())


def _unquoted(text: str) -> str:
    return _spaceless(text.translate(_TYPOGRAPHIC).replace("'", '"').replace("`", '"'))


_SIMPLER: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("whitespace only (indentation, spaces, blank lines)", _spaceless),
    ("bytes without a character, shown as \ufffd (quote the text beside them)", lambda t: _spaceless(showable(t))),
    ("typographic characters (quotes, dashes, no-break spaces)", lambda t: _spaceless(t.translate(_TYPOGRAPHIC))),
    ("quotes only", _unquoted),
    ("escaping only (backslashes)", lambda t: _spaceless(t.replace("\\", ""))),
    ("upper and lower case only", lambda t: _spaceless(t).casefold()),
    ("Unicode form only (composed, full-width)", lambda t: _spaceless(unicodedata.normalize("NFKC", t))),
)
