"""Whose words they are: what the author of a change wrote, and whether a text carries a run of it."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from kimicode.review.change import Change, Hunk
from kimicode.review.shown import plain

WORDS, LETTERS, IDEOGRAPHS = 6, 40, 12
"""The shortest run that is somebody's: of words, of letters without what is between them, of letters that are words."""

_WORD = re.compile(r"[^\W_]+")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_QUOTED = re.compile(r'"([^"\n]*)|\'([^\'\n]*)|`([^`\n]*)|(?:#|//|/\*|<!--|--|;|%|\*|\bREM\b)(.*)')
_SENTENCE = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*(?:[,.;:!?\"')\]]*\s+[\"'(\[]*[^\W_]+(?:['’-][^\W_]+)*)+")


class Borrowed:
    """Texts of strangers, searched for runs that another text repeats: case, accents and punctuation do not count."""

    def __init__(self, texts: Iterable[str]) -> None:
        folded = [_folded(text) for text in texts]
        self._views = [_Hay.of(view, folded) for view in _VIEWS]

    def lends(self, text: str) -> bool:
        """Whether a run of these texts stands in `text`."""
        folded = _folded(text)
        return any(hay.lends(folded) for hay in self._views)


@dataclass(frozen=True, slots=True)
class _View:
    """What of a text is compared: its units, what stands between them, and how many in a row make a run."""

    units: Callable[[str], list[str]]
    between: str
    size: int

    @property
    def block(self) -> int:
        """Units of which any run holds a whole block, wherever blocks begin: the texts are cut into these."""
        return (self.size + 1) // 2

    def joined(self, units: Sequence[str]) -> str:
        # A unit at the edge is bounded like any other, so that no run ends inside a word.
        return f"{self.between}{self.between.join(units)}{self.between}"


@dataclass(frozen=True, slots=True)
class _Hay:
    """Texts in one view. `blocks` tells at once of most places that no run begins there."""

    view: _View
    text: str
    blocks: frozenset[str]

    @classmethod
    def of(cls, view: _View, texts: Iterable[str]) -> "_Hay":
        long = [units for units in map(view.units, texts) if len(units) >= view.size]
        blocks = (units[at : at + view.block] for units in long for at in range(0, len(units), view.block))
        return cls(view, "\n".join(map(view.joined, long)), frozenset(map(view.joined, blocks)))

    def lends(self, text: str) -> bool:
        view, units = self.view, self.view.units(text)
        near = view.size - view.block
        for at in range(len(units) - view.block + 1):
            if view.joined(units[at : at + view.block]) in self.blocks:
                starts = range(max(0, at - near), min(at, len(units) - view.size) + 1)
                if any(view.joined(units[start : start + view.size]) in self.text for start in starts):
                    return True
        return False


def _letters(text: str) -> list[str]:
    return list("".join(_WORD.findall(text)))


_VIEWS = (_View(_WORD.findall, " ", WORDS), _View(_letters, "", LETTERS), _View(_IDEOGRAPH.findall, "", IDEOGRAPHS))


def authors_words(change: Change) -> Iterator[str]:
    """What the author of a change says in words: title, description, commits, names of files, comments and strings."""
    yield from (change.title, change.description, *change.commits)
    for file in change.files:
        yield file.path
        for hunk in file.hunks:
            added = _added(hunk)
            yield " ".join("".join(found) for line in added for found in _QUOTED.findall(line))
            yield " ".join(run for line in added for run in _sentences(line))


def authors_code(change: Change) -> Iterator[str]:
    """Every line that the author of a change adds."""
    for file in change.files:
        yield from ("\n".join(_added(hunk)) for hunk in file.hunks)


def _added(hunk: Hunk) -> list[str]:
    return [line.text for line in hunk.lines if line.kind == "+"]


def _sentences(line: str) -> list[str]:
    """Words in a row with nothing but blanks and stops between them; a line of one word may end a sentence."""
    return _SENTENCE.findall(line) or ([line] if len(_WORD.findall(line)) == 1 else [])


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKD", plain(text)).casefold()
    return "".join(letter for letter in text if not unicodedata.combining(letter))
