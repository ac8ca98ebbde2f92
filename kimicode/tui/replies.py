"""What the terminal answers when it is asked about itself, cut out of what is typed.

That is its background, and whether it marks pastes. Answers come late, in pieces, with keys between, or never.
"""

import re
from collections.abc import Iterator

from textual.message import Message

QUESTIONS = "\x1b]11;?\x1b\\\x1b[?2004$p"
PATIENCE = 1.0
"""Seconds of silence after which the rest of an answer is not waited for any more."""

_COLOUR = r"\x1b\]11;(?P<colour>[^\x07\x1b]*)(?:\x07|\x1b\\)"
_MODE = r"\x1b\[\?2004;(?P<mode>\d)\$y"
_WHOLE = re.compile(f"{_COLOUR}|{_MODE}")
_BEGUN = re.compile(r"\x1b(?:\](?:1|11|11;[rgba:\da-fA-F/]*\x1b?)?|\[\?[\d;]*\$?)\Z")
_CERTAIN = re.compile(r"\x1b(?:\]11;|\[\?)")
"""No key sends what begins like this."""
_GOES_ON = re.compile(r"[rgba:\da-fA-F/;]*(?:\x07|\x1b\\|\\|\$?y|\$?\x1b?\Z)")
_CHANNELS = re.compile(r"rgba?:([\da-f]{1,4})/([\da-f]{1,4})/([\da-f]{1,4})", re.IGNORECASE)
_WEIGHTS = (0.299, 0.587, 0.114)  # how bright the eye finds red, green and blue (ITU-R BT.601)


class BackgroundTold(Message):
    """The terminal's background is a light one, or a dark one."""

    def __init__(self, light: bool) -> None:
        super().__init__()
        self.light = light


class PastesMarked(Message):
    """The terminal says where a paste begins and ends, so fast keys are no paste."""


class Replies:
    """Sifts the terminal's input outside of pastes."""

    def __init__(self) -> None:
        self._begun = ""

    @property
    def waiting(self) -> bool:
        """Whether something has begun that may be an answer."""
        return bool(self._begun)

    @property
    def certain(self) -> bool:
        """Whether what has begun is an answer and no key."""
        return _CERTAIN.match(self._begun) is not None

    def sift(self, text: str, *, paused: bool = False) -> Iterator[str | Message]:
        """What is left of some input for the keyboard's parser, and the answers within it.

        `paused`: it did not come close upon the last one, as the rest of an answer would.
        """
        if self.certain and ((paused and len(text) == 1 and text.isalnum()) or not _GOES_ON.match(text)):
            yield text  # keys, and the rest of the answer is still to come
            return
        text, self._begun = self._begun + text, ""
        place = 0
        for found in _WHOLE.finditer(text):
            yield text[place : found.start()]
            yield from _meaning(found)
            place = found.end()
        rest = text[place:]
        if begun := _BEGUN.search(rest):
            rest, self._begun = rest[: begun.start()], begun[0]
        yield rest

    def release(self) -> str:
        """No more came: the keys that it was, "" for an answer that broke off."""
        begun, self._begun = self._begun, ""
        return "" if _CERTAIN.match(begun) else begun


def _meaning(found: re.Match[str]) -> Iterator[Message]:
    if found["mode"] is not None:
        if found["mode"] in "13":  # set, or set for good
            yield PastesMarked()
    elif (light := is_light(found["colour"])) is not None:
        yield BackgroundTold(light)


def is_light(colour: str) -> bool | None:
    """Whether a colour as X11 writes it ("rgb:1e1e/1e1e/1e1e") is a light one; None for what is no colour."""
    channels = _CHANNELS.match(colour)
    if channels is None:
        return None
    shares = [int(channel, 16) / (16 ** len(channel) - 1) for channel in channels.groups()]
    brightness: float = sum(weight * share for weight, share in zip(_WEIGHTS, shares, strict=True))
    return brightness > 0.5
