"""What a paste is: cleaned text, something too large to show, or the paths of files dropped onto the terminal."""

import re
import shlex
from pathlib import Path
from urllib.parse import unquote, urlparse

MOST_CHARACTERS = 1000
MOST_LINES = 15
_MOST_DROPPED = 20
_LONGEST_PATH = 4096
_STYLING = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# all that acts on a terminal, on the order of the text or on nothing visible; tabs and line feeds stay
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """Pasted text with line feeds alone, and without characters that act instead of being seen."""
    text = _STYLING.sub("", text)
    text = re.sub("\r\n?|[\u2028\u2029]", "\n", text)
    text = _UNWANTED.sub("", text)
    return text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate would break whoever encodes it later


def large(text: str) -> bool:
    """Whether a label shall stand for the text."""
    return len(text) > MOST_CHARACTERS or text.count("\n") >= MOST_LINES


def dropped(text: str) -> list[Path]:
    """The files that a text names and nothing else: absolute paths as terminals paste what is dropped onto them.

    They come quoted, with escaped blanks, or as file: addresses. An empty list for every other text.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST_PATH * 2 or not re.match(r"['\"]?(?:/|~/|file://)", text):
        return []
    if "\n" not in text and (whole := _file(text)):  # unquoted, with blanks
        return [whole]
    try:
        words = shlex.split(text)
    except ValueError:
        return []
    files = [_file(word) for word in words[:_MOST_DROPPED]]
    return [file for file in files if file] if all(files) and len(words) <= _MOST_DROPPED else []


def _file(word: str) -> Path | None:
    if word.startswith("file://"):
        word = unquote(urlparse(word).path)
    if not word.startswith(("/", "~/")):
        return None
    try:
        path = Path(word).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # too long, no home, a NUL
        return None
