"""A text file in memory: text with plain newlines, beside it what is needed to give every byte back."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from kimicode.workspace.encoding import UTF8, Encoding, detect

_ENDING = re.compile("\r?\n")


def plain(text: str) -> str:
    """The text with CRLF as LF; a lone CR is an ordinary character."""
    return text.replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class Document:
    """`text` has only "\\n"; `endings[i]` is what the i-th of them is in the file: "\\n" or "\\r\\n"."""

    text: str
    endings: tuple[str, ...]
    encoding: Encoding = UTF8

    @classmethod
    def of(cls, raw: str, encoding: Encoding = UTF8) -> "Document":
        """A document from decoded text whose line endings are as in the file."""
        return cls(plain(raw), tuple(_ENDING.findall(raw)), encoding)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Document | None":
        """None for binary data."""
        encoding = detect(data)
        return None if encoding is None else cls.of(encoding.decode(data), encoding)

    @property
    def raw(self) -> str:
        """The text with the file's own line endings."""
        if "\r\n" not in self.endings:
            return self.text
        pieces = self.text.split("\n")
        return "".join(piece + ending for piece, ending in zip(pieces, (*self.endings, ""), strict=True))

    @property
    def lines(self) -> list[str]:
        """The lines without their endings; a final newline ends the last line and begins no further one."""
        lines = self.text.split("\n")
        return lines if lines[-1] else lines[:-1]

    def to_bytes(self) -> bytes:
        return self.encoding.encode(self.raw)

    def replaced(self, start: int, end: int, new: str) -> "Document":
        """The document with text[start:end] replaced by `new`, whose lines take the endings of their neighbours."""
        first = self.text.count("\n", 0, start)
        last = first + self.text.count("\n", start, end)
        middle = self._endings_for(self.text[start:end], new, first, last)
        return Document(
            self.text[:start] + new + self.text[end:],
            (*self.endings[:first], *middle, *self.endings[last:]),
            self.encoding,
        )

    def _endings_for(self, old: str, new: str, first: int, last: int) -> tuple[str, ...]:
        usual = (self.endings[first:] or self.endings[-1:] or ("\n",))[0]
        if len(set(self.endings[max(first - 1, 0) : last + 1])) < 2:
            return (usual,) * new.count("\n")
        # mixed endings: a line that the edit repeats keeps its own
        before, after = old.split("\n"), new.split("\n")
        endings = [usual] * (len(after) - 1)
        for i, j, size in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
            for step in range(size):
                if i + step < len(before) - 1 and j + step < len(after) - 1:
                    endings[j + step] = self.endings[first + i + step]
        return tuple(endings)
