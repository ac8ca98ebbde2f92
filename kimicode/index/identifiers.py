"""Words of source text: identifiers split at case and underscore, the common ones left out, as the index stores them.

What is searched for goes through the same functions as what was indexed, or neither would find the other.
"""

import re

LONGEST = 48
"""Characters; what is longer is a hash, an encoded picture or a separator line."""

MOST_WORDS = 20_000
"""Different identifiers of one file; only generated data has more."""

MOST_CACHED = 200_000

_STOP = (
    "an and are as at be by do for from if in is it no not of on or so that the then this to was we when will with "
    "def elif else end false fi import let nil none null pass return self static true var void"
)
STOP_WORDS = frozenset(_STOP.split())
"""In so many files that they tell nothing."""

_APART = bytes(byte if byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in range(256))
"""Makes a blank of every byte that no identifier has: then splitting is several times as fast as a pattern."""

_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_BETWEEN = str.maketrans("_0123456789", " " * 11)
_UNSPACED = re.compile("([\u3040-\u30ff\u3400-\u9fff]+)")


def pieces(identifier: str) -> list[str]:
    """Lower-case words of one identifier: its parts, and the whole where it has more than one.

    `readFileSync` gives read, file, sync and readfilesync; `int4` gives int and int4. Numbers, single letters and stop
    words are no words of their own.
    """
    whole = identifier.replace("_", "").lower()
    if len(whole) < 2 or whole in STOP_WORDS or whole.isdigit():
        return []
    lower = identifier.islower()
    if lower and identifier.isalpha():  # most are, and a pattern takes ten times as long
        return [whole]
    if not identifier.isascii():
        return _foreign(identifier)
    parts = identifier.translate(_BETWEEN).split() if lower else " ".join(_PIECE.findall(identifier)).lower().split()
    told = [part for part in parts if len(part) > 1 and part not in STOP_WORDS]
    if told != [whole]:
        told.append(whole)
    return told


def _foreign(identifier: str) -> list[str]:
    """Words of other scripts; where those stand without blanks, every two neighbouring characters."""
    told = []
    for part in identifier.lower().split("_"):
        for run in _UNSPACED.split(part):
            pairs = _UNSPACED.fullmatch(run) and len(run) > 1
            told += [run[i : i + 2] for i in range(len(run) - 1)] if pairs else [run]
    return [word for word in told if word]


def words_of(text: str) -> list[str]:
    """The words of a question, a path or a few names, in order, each once."""
    return list(dict.fromkeys(word for each in _WORD.findall(text) if len(each) <= LONGEST for word in pieces(each)))


class _Cache(dict[bytes, tuple[str, ...]]):
    """The words of each token that was ever seen: most tokens of a file stood in another one, too."""

    def __missing__(self, token: bytes) -> tuple[str, ...]:
        if len(self) > MOST_CACHED:
            self.clear()
        words: list[str] = []
        if len(token) <= LONGEST:
            text = token.decode("utf-8", "replace")
            words = pieces(text) if text.isascii() else words_of(text)
        found = self[token] = tuple(words)
        return found


_CACHE = _Cache()


def words_in(data: bytes) -> frozenset[str]:
    """The words of all identifiers of a file, each once: counting how often it comes finds nothing more."""
    tokens = set(data.translate(_APART).split())
    chosen = sorted(tokens)[:MOST_WORDS] if len(tokens) > MOST_WORDS else tokens
    return frozenset().union(*map(_CACHE.__getitem__, chosen))
