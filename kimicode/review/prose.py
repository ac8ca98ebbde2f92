"""The only words of a model that reach a forge: made harmless by `clean`, and let through by a `Gate` or not at all.

`clean` works from a list of what is plain. A word that could mean anything to Markdown or to a forge (a mention, a
reference, a link, HTML, an emoji's name, a commit) is put into a code span, inside which forges look for nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from kimicode.config.secrets import Redact, Redactor
from kimicode.review.borrowed import Borrowed, authors_code, authors_words
from kimicode.review.change import Change
from kimicode.review.findings import Finding
from kimicode.review.leaks import leak, pieces
from kimicode.review.shown import plain

MOST_MARKS = 2
"""Accents on one letter; more are there to paint over other lines."""
LONGEST_PATH, LONGEST_PART = 200, 80

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_LEAD, _TRAIL = "\"'(", ".,;:!?)\"'"
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*(?:%|[a-z]{1,3})?|\d+(?:-[a-z]+)+", re.IGNORECASE)
_WORDS = re.compile(r"[A-Za-z]+(?:['/-][A-Za-z]+)*|[A-Za-z0-9]+|[A-Za-z](?:\.[A-Za-z])+")
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)
_LISTED = re.compile(r"\d+[.)]")
_SUFFIX = re.compile(r"\.(?!com$)[a-z]{1,4}")
_DASHES = {"-": "–", "--": "–", "&": "and"}
_FLAG = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)


def clean(text: str, *, limit: int, paragraphs: bool = False) -> str:
    """Text and code spans in Markdown that hold nothing else, in at most `limit` characters, one line or paragraphs.

    What stands in backticks stays code. Cleaning what is clean changes nothing.
    """
    text = _normal(text)
    most, out = limit, limit + 1
    shown = ""
    while out > limit and most > 0:
        shown = _marked(_cut(text, most), paragraphs=paragraphs)
        out = len(shown)
        most = min(most - 1, most * limit // max(out, 1))
    return shown if out <= limit else ""


def code(text: str, *, limit: int = LONGEST_PATH) -> str:
    """A code span of one line; "" for nothing."""
    inner = " ".join(_normal(text).replace("`", "'").split())
    return f"`{_cut(inner, limit)}`" if inner else ""


def place(path: str, line: int = 0) -> str:
    """A path, and a line of it, in a code span. Parts that could be messages are left out: anybody names files."""
    *folders, name = path.split("/")
    suffix = name[name.rfind(".") :]
    shown = [*("…" if _speaks(folder) else folder for folder in folders)]
    shown.append((f"…{suffix}" if _SUFFIX.fullmatch(suffix) else "…") if _speaks(name) else name)
    whole = "/".join(shown)
    cut = whole if len(whole) <= LONGEST_PATH else f"…{whole[1 - LONGEST_PATH :]}"
    return code(f"{cut}:{line}" if line else cut, limit=LONGEST_PATH + 12)


class Gate:
    """Lets a model's words through that are its own. `why_not` says which rule a text breaks."""

    def __init__(self, untrusted: Iterable[str], *, lines: Iterable[str] = (), redact: Redact | None = None) -> None:
        """No run of words of `untrusted` passes; one of `lines`, which are code, passes in backticks alone."""
        self._words = Borrowed(untrusted)
        self._lines = Borrowed(lines)
        self._redact = redact or Redactor()

    @classmethod
    def of(cls, change: Change, said: Iterable[str] = (), *, redact: Redact | None = None) -> "Gate":
        """For what is said of a change. `said` are comments and other words of people around it."""
        return cls((*authors_words(change), *said), lines=authors_code(change), redact=redact)

    def passes(self, text: str) -> bool:
        return not self.why_not(text)

    def lets(self, finding: Finding) -> bool:
        """Whether its claim and scenario may be posted, together."""
        return self.passes(f"{finding.claim}\n{finding.scenario}")

    def lets_code(self, code: str) -> bool:
        """Whether code of the model's own may be posted, as code: a suggestion."""
        return not (leak(code, code=True) or self._redact(code) != code or self._words.lends(code))

    def why_not(self, text: str) -> str:
        """Why a text is refused: "an address", "the author's words", ...; "" if it may be posted."""
        if reason := leak(text):
            return reason
        if self._redact(text) != text:
            return "a secret"
        bare = " ".join(piece for quoted, piece in pieces(text) if not quoted)
        return "the author's words" if self._words.lends(text) or self._lines.lends(bare) else ""


def _normal(text: str) -> str:
    """Visible characters in normal form: some become a backtick by it, so this comes before anything is told apart."""
    text = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = unicodedata.normalize("NFC", plain(text))
    if text.isascii():
        return text
    kept, marks = [], 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter).startswith("M") else 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def _marked(text: str, *, paragraphs: bool) -> str:
    blocks = _BLANK_LINES.split(text) if paragraphs else [text]
    return "\n\n".join(filter(None, map(_block, blocks)))


def _block(text: str) -> str:
    """One line of text and code spans."""
    segments: list[tuple[bool, str]] = []
    for quoted, piece in pieces(text):
        for is_code, word in [(True, piece)] if quoted else _words(piece):
            if segments and is_code and segments[-1][0]:
                segments[-1] = (True, segments[-1][1] + word)  # two spans that touch would be none
            elif word:
                segments.append((is_code, word))
    line = "".join(code(word, limit=len(word)) if is_code else word for is_code, word in segments).strip()
    first, _, rest = line.partition(" ")
    return f"{code(first)} {rest}".strip() if _LISTED.fullmatch(first) else line


def _words(text: str) -> Iterator[tuple[bool, str]]:
    """(whether it must be code, word) of bare text; whitespace is a word of one space."""
    for word in re.findall(r"\s+|\S+", text.replace("`", "")):
        if word.isspace():
            yield False, " "
        elif word in _DASHES:
            yield False, _DASHES[word]
        else:
            yield not _is_plain(word), word


def _is_plain(word: str) -> bool:
    """Whether neither Markdown nor a forge sees more in a word than letters."""
    core = word.lstrip(_LEAD).rstrip(_TRAIL)
    ascii_core = "".join(letter if letter.isascii() else "x" for letter in core)
    if not core:
        return all(letter in _LEAD + _TRAIL for letter in word)
    if any(map(_COMMIT.fullmatch, re.split("['/-]", core))):
        return False
    return bool(_NUMBER.fullmatch(ascii_core) or _WORDS.fullmatch(ascii_core))


def _cut(text: str, most: int) -> str:
    """At most so many characters, ended by an ellipsis where something is missing, never inside a written letter."""
    if len(text) <= most:
        return text
    end = max(0, most - 1)
    while end and _goes_on(text, end):
        end -= 1
    return text[:end].rstrip() + "…"


def _goes_on(text: str, at: int) -> bool:
    """Whether the character there belongs to the one before it: an accent, a skin colour, the second half of a flag."""
    if unicodedata.category(text[at]).startswith("M") or ord(text[at]) in _SKIN:
        return True
    begun = at
    while begun and ord(text[begun - 1]) in _FLAG:
        begun -= 1
    return ord(text[at]) in _FLAG and (at - begun) % 2 == 1


def _speaks(part: str) -> bool:
    """Whether a part of a path could be a message."""
    return len(part.split()) > 2 or len(part) > LONGEST_PART or bool(leak(part))
