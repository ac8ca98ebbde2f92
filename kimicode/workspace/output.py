"""What a command printed: kept in bounded memory as it comes, cleaned for reading when it is asked for.

The first and the last 15 KB stay in memory. As soon as there is more, all of it also goes to a file of at most 100 MB.
"""

import codecs
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kimicode.config.secrets import Redact, Stream, unredacted

HEAD = 15 * 1024
TAIL = 15 * 1024
LINE_LIMIT = 2_000
SPILL_LIMIT = 100 * 1024 * 1024

# Control strings (OSC, DCS, APC, PM, SOS) end with BEL or ST. One that never ends must not swallow the lines after it.
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTINUATION = bytes(range(0x80, 0xC0))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Output for reading; `left_out` counts bytes, `spill` is the file that has everything where `truncated`."""

    text: str
    truncated: bool = False
    left_out: int = 0
    spill: Path | None = None


def clean(text: str) -> str:
    """Plain lines: no escape sequences or control characters, overwritten progress folded to its last state."""
    return "\n".join(_settle(line) for line in _ESCAPE.sub("", text).split("\n"))


def _settle(line: str) -> str:
    """The line as it stands after all its carriage returns and backspaces."""
    line = line.rstrip("\r").rpartition("\r")[2]
    if "\b" in line:
        kept: list[str] = []
        for character in line:
            if character != "\b":
                kept.append(character)
            elif kept:
                kept.pop()
        line = "".join(kept)
    return _CONTROL.sub("", line)


def shorten_lines(text: str, limit: int = LINE_LIMIT) -> str:
    """Cut every line after `limit` characters and say how many are missing."""
    return "\n".join(
        line if len(line) <= limit else f"{line[:limit]}[... {len(line) - limit:,} characters of this line left out]"
        for line in text.split("\n")
    )


class OutputBuffer:
    """The output of one command. `write` as it comes; `take` gives what came since the last `take`."""

    def __init__(self, spill: Path, redact: Redact = unredacted) -> None:
        """`spill` is where all of it goes, without secrets, should it be too long; its folder is made only then."""
        self._path = spill
        self._saved = Stream(redact)
        self._as_text = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._file: BinaryIO | None = None
        self._spilled = 0
        self._problem = ""
        self._head = bytearray()
        self._tail = bytearray()
        self._recent = bytearray()
        self._seen = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, chunk: bytes) -> None:
        self._seen += len(chunk)
        self._recent += chunk[-TAIL:]
        if len(self._recent) > 2 * TAIL:
            del self._recent[:-TAIL]
        if self._file is None and self._seen > HEAD + TAIL:
            self._open_spill()
        self._save(chunk)
        room = HEAD - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk[-TAIL:]
        if len(self._tail) > 2 * TAIL:
            del self._tail[:-TAIL]

    @property
    def last_line(self) -> str:
        """The line that was begun and not ended, as a person would see it; empty where there is none."""
        recent = bytes(self._tail or self._head)[-4096:]
        return clean(recent.rpartition(b"\n")[2].decode("utf-8", "replace"))

    def peek(self) -> str:
        """The last of all that came, at least TAIL bytes of it; nothing is forgotten."""
        return clean(bytes(self._recent).lstrip(_CONTINUATION).decode("utf-8", "replace"))

    def take(self, *, final: bool) -> Excerpt:
        """What came since the last call, and forget it. Unless `final`, a split character waits for its other half."""
        left_out = max(0, self._seen - HEAD - TAIL)
        text = self._elided(final) if left_out else self._decoder.decode(bytes(self._head + self._tail), final)
        text = clean(text)
        shortened = shorten_lines(text)
        truncated = left_out > 0 or shortened != text
        if truncated and self._file is None:
            self._open_spill()
        if shortened != text and not left_out:
            shortened = f"{shortened.rstrip()}\n[long lines were cut; {self._whereabouts()}]\n"
        self._head.clear()
        self._tail.clear()
        self._seen = 0
        return Excerpt(shortened, truncated, left_out, self._path if truncated and self._file else None)

    def close(self) -> None:
        """Close the spill file; it stays on the disk."""
        if self._file is not None and not self._file.closed:
            self._put(self._saved.feed(self._as_text.decode(b"", final=True)) + self._saved.close())
            self._file.close()

    def _elided(self, final: bool) -> str:
        """Head and tail, cut at line ends where one is near, and between them a line about what is missing."""
        head, tail = bytes(self._head), bytes(self._tail[-TAIL:])
        end, start = head.rfind(b"\n") + 1, tail.find(b"\n") + 1
        head = head[:end] if len(head) - end <= LINE_LIMIT else head
        tail = tail[start:] if start <= LINE_LIMIT else tail
        opening = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
        self._decoder.reset()
        closing = self._decoder.decode(tail.lstrip(_CONTINUATION), final)
        missing = self._seen - len(head) - len(tail)
        return f"{opening.rstrip()}\n[... {missing:,} bytes left out; {self._whereabouts()} ...]\n{closing}"

    def _whereabouts(self) -> str:
        if self._problem:
            return f"the whole output could not be saved: {self._problem}"
        limit = f" (its first {SPILL_LIMIT // 1024**2} MB)" if self._spilled > SPILL_LIMIT else ""
        return f"the whole output{limit} is in {self._path}"

    def _open_spill(self) -> None:
        if self._problem:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            self._problem = error.strerror or str(error)
            return
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._save(bytes(self._head + self._tail))

    def _save(self, chunk: bytes) -> None:
        if self._file is not None and not self._file.closed and not self._problem:
            if self._spilled > SPILL_LIMIT:
                return
            self._put(self._saved.feed(self._as_text.decode(chunk)))

    def _put(self, text: str) -> None:
        assert self._file is not None
        chunk = text.encode("utf-8", "surrogateescape")
        room = SPILL_LIMIT - self._spilled
        self._spilled += len(chunk)
        try:
            if room > 0:
                self._file.write(chunk[:room])
        except OSError as error:
            self._problem = error.strerror or str(error)
