"""An answer of a forge: its parts that count, and its own words made fit to be shown."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kimicode.config.secrets import Redact, unredacted

_NEXT = re.compile(r'<([^<>]*)>\s*;[^<>,]*\brel="?next"?')
_LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have names in small letters; `body` is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's value. Raises ValueError where it is no JSON."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    def next_page(self) -> str:
        """Where the Link header says that the list goes on, "" at its end."""
        found = _NEXT.search(self.headers.get("link", ""))
        return found[1] if found else ""

    def words(self, redact: Redact = unredacted) -> str:
        """Why the forge says no, in its own words on one line: "" for a page of HTML and the like."""
        try:
            value = self.json()
        except ValueError:
            return ""
        if not isinstance(value, dict):
            return ""
        said = (value.get(name) for name in ("message", "error", "error_description", "errors"))
        return one_line(redact("; ".join(filter(None, map(_plain, said)))))


def one_line(text: str) -> str:
    """Text of strangers without line ends, control, bidirectional and invisible characters, at a bearable length."""
    shown = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return shown if len(shown) <= _LONGEST_WORDS else f"{shown[: _LONGEST_WORDS - 1]}…"


def _plain(value: Any) -> str:
    """GitHub lists errors as texts or as objects with a message; GitLab names the field that each belongs to."""
    match value:
        case str():
            return value
        case {"message": str(message)}:
            return message
        case {"resource": str(resource), "code": str(code)}:
            return f"{resource}.{value.get('field', '')} {code}"
        case dict():
            return ", ".join(f"{name}: {_plain(each)}" for name, each in value.items())
        case list():
            return ", ".join(filter(None, map(_plain, value)))
        case _:
            return ""
