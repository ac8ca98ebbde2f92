"""How lines of a change look in what a model is told: a mark, a number, a bar, and what stands in the file.

Nothing in a file can end its line here or stand before its bar, so that no text of a change can pass for another's.
"""

import json
import unicodedata
from collections.abc import Collection, Sequence

from kimicode.review.change import Line
from kimicode.workspace.encoding import shown_path

WIDEST = 300
"""Characters of a line."""

LONGEST_PATH = 200

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def listed(lines: Sequence[Line], shown: Collection[int]) -> list[str]:
    """The shown lines with their marks and numbers, and how many are left out between them."""
    places = sorted(shown)
    width = len(str(max((max(lines[at].old, lines[at].new) for at in places), default=0)))
    told: list[str] = []
    before = -1
    for at in places:
        if at > before + 1:
            told.append(_gap(at - before - 1))
        line = lines[at]
        told.append(f"{line.kind}{line.old if line.kind == '-' else line.new:>{width}}|{visible(line.text)}")
        before = at
    if places and before < len(lines) - 1:
        told.append(_gap(len(lines) - 1 - before))
    return told


def numbered(lines: Sequence[tuple[int, str]]) -> list[str]:
    """Lines of a file that the change does not touch there, with their numbers."""
    width = len(str(max((number for number, _ in lines), default=0)))
    told: list[str] = []
    before = 0
    for number, text in lines:
        if before and number > before + 1:
            told.append(_gap(number - before - 1))
        told.append(f" {number:>{width}}|{visible(text)}")
        before = number
    return told


def barred(label: str, text: str) -> list[str]:
    """The lines of a text, each behind a word and a bar."""
    return [f"{label}|{visible(line, widest=2_000)}" for line in text.replace("\r\n", "\n").split("\n")]


def visible(text: str, *, widest: int = WIDEST) -> str:
    """A line with characters that nobody sees as <U+202E>, cut where it is too long; tabs stay."""
    rest = len(text) - widest
    kept = text[:widest] if rest > 0 else text
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join(map(_shown, kept))
    return f"{kept}... ({rest} more characters)" if rest > 0 else kept


def named(path: str) -> str:
    """A path on one line; in quotes where it has blanks, quotes or what nobody sees."""
    plain = visible(shown_path(path), widest=LONGEST_PATH)
    ordinary = all(letter.isalnum() or letter in "/._-+@~()[]{}$," for letter in plain)
    return plain if ordinary else json.dumps(plain, ensure_ascii=False)


def unnamed(written: str) -> str:
    """The path that a model means which copies it with the quotes around it."""
    text = written.strip()
    if len(text) < 2 or text[0] + text[-1] != '""':
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _gap(count: int) -> str:
    return f"... ({count} line{'s' if count > 1 else ''})"


def _shown(letter: str) -> str:
    hidden = letter != "\t" and (unicodedata.category(letter) in _UNSEEN or letter in _FILLERS or _is_variant(letter))
    return f"<U+{ord(letter):04X}>" if hidden else letter


def _is_variant(letter: str) -> bool:
    """Variation selectors can carry a whole message; only the one that makes a picture of a sign is common."""
    return "\ufe00" <= letter < "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
