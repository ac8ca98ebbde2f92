"""What tools and people say, made fit for a model and a record: secrets taken out, hidden characters made visible.

A file can carry text that no person sees and every model reads: tags, overrides of direction, variation selectors.
"""

import dataclasses
import re
from collections.abc import Callable

from kimicode.config.secrets import Redact, Stream
from kimicode.events import Brief, CommandRun, Diff, Display
from kimicode.messages import Message, Text
from kimicode.tools.base import ToolOutcome

_HIDDEN = re.compile(
    "(\U0001f3f4[\U000e0020-\U000e007e]{2,8}\U000e007f"  # flags of regions
    "|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff][\U000e0100-\U000e01ef])"  # forms of ideographs
    "|([\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff])"
)


def visible(text: str) -> str:
    """Hidden characters as <U+E0041>, and a line at the end that says how many there were."""
    if text.isascii():
        return text
    count = 0

    def shown(found: re.Match[str]) -> str:
        nonlocal count
        if found[1]:
            return found[1]
        count += 1
        return f"<U+{ord(found[2]):04X}>"

    cleaned = _HIDDEN.sub(shown, text)
    return f"{cleaned}\n[note: {count} characters that nobody can see are shown as <U+...>]" if count else text


def clean(outcome: ToolOutcome, redact: Redact) -> ToolOutcome:
    """A tool's outcome as it may be shown, recorded and told to the model."""
    content = tuple(Text(visible(redact(part.text))) if isinstance(part, Text) else part for part in outcome.content)
    return dataclasses.replace(outcome, content=content, display=_displayed(outcome.display, redact))


def _displayed(display: Display | None, redact: Redact) -> Display | None:
    match display:
        case CommandRun():
            return dataclasses.replace(display, command=redact(display.command), output=redact(display.output))
        case Diff() | Brief():
            return dataclasses.replace(display, text=redact(display.text))
    return display


def cleaned(message: Message, redact: Redact) -> Message:
    """A message of the person or of kimicode without secrets; a model's own goes back to it as it came."""
    if message.role not in ("user", "system"):
        return message
    parts = tuple(Text(redact(part.text)) if type(part) is Text else part for part in message.parts)
    return message if parts == message.parts else dataclasses.replace(message, parts=parts)


class Live:
    """The live output of one call: what could be half of a secret is told with its other half."""

    def __init__(self, redact: Redact, tell: Callable[[str], None]) -> None:
        self._stream = Stream(redact)
        self._tell = tell

    def write(self, text: str) -> None:
        if shown := self._stream.feed(text):
            self._tell(shown)

    def close(self) -> None:
        """What waited for its other half."""
        if rest := self._stream.close():
            self._tell(rest)
