"""The arguments of a call that is still being written: JSON that may end anywhere."""

import json
import re
from typing import Any

_START = re.compile(r"\s*\{")
_KEY = re.compile(r'[\s,]*"(?P<key>[^"\\]*)"\s*:\s*')
_TEXT = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*+)(?P<end>"?)', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.?))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def read(source: str) -> dict[str, Any]:
    """The values that are there so far, of an open string what there is of it; {} where it is no object."""
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        return _partial(source)
    return value if isinstance(value, dict) else {}


def _partial(source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    start = _START.match(source)
    at = start.end() if start else len(source)
    while key := _KEY.match(source, at):
        at = key.end()
        text = _TEXT.match(source, at)
        if text:
            found[key["key"]] = _unescaped(text["text"])
            at = text.end()
            continue
        try:
            found[key["key"]], at = json.JSONDecoder().raw_decode(source, at)
        except (ValueError, RecursionError):
            break
    return found


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_character, text)
    # \ud83d\ude00 is one character
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return _ESCAPES.get(escape[2], escape[2])
