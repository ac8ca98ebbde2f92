"""Which encoding a file's bytes are in, chosen so that text can be edited and every untouched byte survives.

Each `Encoding` decodes the bytes it was detected from without loss: `encode(decode(data)) == data`.
"""

import codecs
import os
import re
from dataclasses import dataclass

SNIFFED = 8192
_STRAY_BYTES = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A Python codec, the byte order mark that stands before the text, and how bytes outside the codec are kept."""

    codec: str
    bom: bytes = b""
    errors: str = "strict"

    @property
    def label(self) -> str:
        """The name for messages."""
        if self.codec == "ascii":
            return "an unknown encoding (only ASCII can be added)"
        return f"{self.codec} with BOM" if self.bom else self.codec

    def decode(self, data: bytes) -> str:
        return data[len(self.bom) :].decode(self.codec, self.errors)

    def encode(self, text: str) -> bytes:
        """The inverse of `decode`. Raises UnicodeEncodeError for characters that the codec does not have."""
        return self.bom + text.encode(self.codec, self.errors)

    def lacks(self, text: str) -> str:
        """The first character of new text that cannot be written in this encoding, or an empty string."""
        try:
            text.encode(self.codec)
        except UnicodeEncodeError as error:
            return text[error.start]
        return ""


UTF8 = Encoding("utf-8")
_MARKED = (
    Encoding("utf-8", codecs.BOM_UTF8, "surrogateescape"),
    Encoding("utf-16-le", codecs.BOM_UTF16_LE, "surrogatepass"),
    Encoding("utf-16-be", codecs.BOM_UTF16_BE, "surrogatepass"),
)


def detect(data: bytes) -> Encoding | None:
    """The encoding of a text file's bytes; None for binary ones (a NUL near the start, UTF-16 of odd length)."""
    for marked in _MARKED:
        if data.startswith(marked.bom):
            return marked if _is_text(data, marked) else None
    if b"\0" in data[:SNIFFED]:
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(data)
    return UTF8


def _is_text(data: bytes, marked: Encoding) -> bool:
    # UTF-32 starts like UTF-16 and is full of NULs when read as such
    whole_units = marked.codec == "utf-8" or len(data) % 2 == 0
    return whole_units and "\0" not in marked.decode(data[:SNIFFED])


def _legacy(data: bytes) -> Encoding:
    """For bytes that are not valid UTF-8: damaged UTF-8, a Western single-byte encoding, or something unknown."""
    text = data.decode("utf-8", "surrogateescape")
    if len(_BEYOND_ASCII.findall(text)) >= len(_STRAY_BYTES.findall(text)):
        return Encoding("utf-8", errors="surrogateescape")
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return Encoding("ascii", errors="surrogateescape")
    return Encoding("cp1252")


def showable(text: str) -> str:
    """The text with bytes that have no character shown as U+FFFD; what leaves for a model or a screen must encode."""
    return _SURROGATES.sub("\ufffd", text)


def shown_path(path: str) -> str:
    """A path on one line, for a model or a screen: control characters and bytes without a character as \\x1b."""
    plain = os.fsencode(path).decode("utf-8", "backslashreplace")
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", plain)
