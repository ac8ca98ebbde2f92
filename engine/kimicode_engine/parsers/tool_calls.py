"""Tool calls inside an answer: their markers, the forms of their ids, and the prose around them."""

import re
from collections.abc import Collection

from kimicode_engine.output import Piece, ToolCallArguments, ToolCallStart

SECTION_BEGIN = "<|tool_calls_section_begin|>"
SECTION_END = "<|tool_calls_section_end|>"
CALL_BEGIN = "<|tool_call_begin|>"
ARGUMENT_BEGIN = "<|tool_call_argument_begin|>"
CALL_END = "<|tool_call_end|>"
MARKERS = frozenset({SECTION_BEGIN, SECTION_END, CALL_BEGIN, ARGUMENT_BEGIN, CALL_END})

# Not in the vocabulary: a model that means the plural spells these out in letters.
SPELLED_BEGIN = "<|tool_call_section_begin|>"
SPELLED_END = "<|tool_call_section_end|>"

HEADER_LIMIT = 256
"""Characters that a call's id may have; more is no id."""
_SPACE_LIMIT = 16
_NUMBER = re.compile(r"(?:[:_.]?\d+)?")
_PREFIXES = ("functions.", "functions_", "functions", "call_")


class Calls:
    """The calls of one answer: `begin`, then `feed` with the id and the arguments, then `end`.

    Arguments are handed on as they come, whatever their length and whether or not they are JSON."""

    __slots__ = ("_any_arguments", "_first", "_header", "_in_arguments", "_names", "count")

    def __init__(self, first_call: int, names: Collection[str]) -> None:
        self._first = first_call
        self._names = names
        self._header: str | None = None
        self._in_arguments = False
        self._any_arguments = False
        self.count = 0
        """Calls so far."""

    @property
    def open(self) -> bool:
        """Whether the text that comes belongs to a call."""
        return self._in_arguments or self._header is not None

    @property
    def in_arguments(self) -> bool:
        """Whether the text that comes is arguments."""
        return self._in_arguments

    def begin(self) -> None:
        """A call's opening marker."""
        self._header = ""

    def feed(self, text: str) -> list[Piece]:
        """Text of an open call. Where the id runs straight into `{`, the arguments begin there."""
        if self._in_arguments:
            self._any_arguments = True
            return [ToolCallArguments(self.count - 1, text)]
        self._header = (self._header or "") + text
        brace = self._header.find("{", 0, HEADER_LIMIT)
        if brace < 0:
            return []
        rest = self._header[brace:]
        self._header = self._header[:brace]
        return [*self.arguments(), *self.feed(rest)]

    def overflow(self) -> str | None:
        """The text after an opening marker when it is too long for an id: it was no call after all."""
        if self._header is None or len(self._header) <= HEADER_LIMIT:
            return None
        header, self._header = self._header, None
        return header

    def arguments(self) -> list[Piece]:
        """The id is complete."""
        if self._header is None:
            return []
        name = call_name(self._header, self._names)
        self._header, self._in_arguments, self._any_arguments = None, True, False
        start = ToolCallStart(self.count, f"functions.{name}:{self._first + self.count}", name)
        self.count += 1
        return [start]

    def end(self) -> list[Piece]:
        """A marker that ends the open call. One without arguments gets an empty object: clients parse what they get.

        One without an id and without arguments is none."""
        if self._header is not None and not self._header.strip():
            self._header = None
        pieces = self.arguments()
        if self._in_arguments and not self._any_arguments:
            pieces.append(ToolCallArguments(self.count - 1, "{}"))
        self._in_arguments = False
        return pieces


class Prose:
    """Text outside of calls, without what belongs to the calls beside it.

    That is white space after a call, and section markers spelled out in letters. The latter are recognised only
    beside a real call: an answer that talks about the markers keeps them, and letters never start a call."""

    __slots__ = ("_after_call", "_held")

    def __init__(self) -> None:
        self._held = ""
        self._after_call = False

    def feed(self, text: str) -> str:
        """Add text. Returns what is certainly prose; at most a marker's length is kept."""
        text = self._held + text
        if self._after_call:
            text = self._without_lead(text)
        kept = _spelled_begin(text) if not self._after_call else 0
        self._held = text[kept:]
        return text[:kept]

    def flush(self) -> str:
        """The prose ends and no call follows."""
        held, self._held = self._held, ""
        self._after_call = False
        return held

    def before_call(self) -> str:
        """A call or a section begins: what was kept and is no spelled marker."""
        held = self.flush()
        return "" if held.startswith(SPELLED_BEGIN) else held

    def after_call(self) -> None:
        """A call or a section's border ended just now."""
        self._after_call = True

    def _without_lead(self, text: str) -> str:
        text = text.lstrip()
        while text.startswith(SPELLED_END):
            text = text.removeprefix(SPELLED_END).lstrip()
        self._after_call = SPELLED_END.startswith(text)
        return text


def call_name(header: str, declared: Collection[str] = ()) -> str:
    """The tool's name in a call's id.

    Models copy the styles of ids they saw: `functions.name:3`, `functions_name_3`, `functionsname3`, `name:3`, `name`.
    The longest declared name that fits one of these wins; without any, the canonical form decides, and an id of no
    known form is taken for the name."""
    header = header.strip()
    bodies = [header, *(header.removeprefix(prefix) for prefix in _PREFIXES if header.startswith(prefix))]
    fitting = [
        name
        for name in declared
        if any(body.startswith(name) and _NUMBER.fullmatch(body, len(name)) for body in bodies)
    ]
    if fitting:
        return max(fitting, key=len)
    name = re.sub(r":\d+$", "", header)
    if name.startswith("functions_"):
        name = re.sub(r"_\d+$", "", name)
    return re.sub(r"^functions[._]", "", name) or "unknown"


def _spelled_begin(text: str) -> int:
    """Where the text's end may be a spelled section marker; its length where it cannot."""
    start = text.rfind("<")
    if start < 0:
        return len(text)
    tail = text[start:]
    if SPELLED_BEGIN.startswith(tail):
        return start
    space = tail.removeprefix(SPELLED_BEGIN)
    marker = tail.startswith(SPELLED_BEGIN) and not space.strip() and len(space) <= _SPACE_LIMIT
    return start if marker else len(text)
