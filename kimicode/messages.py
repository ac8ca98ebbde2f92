"""Messages and their parts, the pieces they are streamed in, and the JSON form of every record.

Parts and messages are frozen. Pieces are what a stream brings: a piece knows one verb, "merge the next piece into me",
and says whether that worked, so putting a message together is a fold that knows no kinds.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal, Protocol, TypeVar

Role = Literal["system", "user", "assistant", "tool"]
T = TypeVar("T")
_RECORDS: dict[str, type[Any]] = {}
_PLAIN = frozenset((str, int, float, bool, type(None)))


def record(cls: type[T]) -> type[T]:
    """Register a dataclass under its class attribute `type`, so that `decode` can build it again."""
    _RECORDS[cls.type] = cls  # type: ignore[attr-defined]
    return cls


@cache
def _fields(kind: type[Any]) -> tuple[str, ...] | None:
    """The names of a dataclass's fields; None for every other type."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None


def encode(value: Any) -> Any:
    """Turn records, tuples and plain values into JSON values; a record becomes an object with its `type` first."""
    # Every streamed event passes here, mostly after a sleep: each detour costs cold caches.
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    names = _fields(kind)
    if names is not None:
        tag = getattr(value, "type", None)
        encoded: dict[str, Any] = {"type": tag} if tag else {}
        for name in names:
            encoded[name] = encode(getattr(value, name))
        return encoded
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    return value


def decode(value: Any) -> Any:
    """The inverse of `encode`. Unknown types stay dicts and unknown fields are dropped: old readers, new journals.

    Raises TypeError where a record lacks a field that has no default.
    """
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    cls = _RECORDS.get(value.get("type", "")) if isinstance(value.get("type"), str) else None
    if cls is None:
        return {key: decode(item) for key, item in value.items()}
    known = {f.name for f in dataclasses.fields(cls)}
    return cls(**{key: decode(item) for key, item in value.items() if key in known})


@record
@dataclass(frozen=True, slots=True)
class Text:
    type: ClassVar[str] = "text"
    text: str


@record
@dataclass(frozen=True, slots=True)
class Thinking:
    type: ClassVar[str] = "thinking"
    text: str


@record
@dataclass(frozen=True, slots=True)
class Image:
    """An image, base64-encoded."""

    type: ClassVar[str] = "image"
    media_type: str
    data: str


@record
@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the history keeps it: `arguments` is always the JSON text of an object, repaired if need be."""

    type: ClassVar[str] = "tool_call"
    id: str
    name: str
    arguments: str


@record
@dataclass(frozen=True, slots=True)
class ToolResult:
    type: ClassVar[str] = "tool_result"
    call_id: str
    name: str
    content: tuple[Text | Image, ...]
    is_error: bool = False


Part = Text | Thinking | Image | ToolCall | ToolResult


@record
@dataclass(frozen=True, slots=True)
class Message:
    type: ClassVar[str] = "message"
    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def user(text: str) -> Message:
    return Message("user", (Text(text),))


class Piece(Protocol):
    """A streamed piece of a part."""

    def merge(self, piece: "Piece") -> bool:
        """Append `piece` to this one; False when it belongs to another part."""
        ...


@dataclass(slots=True)
class TextPiece:
    fragments: list[str]

    def merge(self, piece: Piece) -> bool:
        if type(piece) is not type(self):
            return False
        self.fragments.extend(piece.fragments)
        return True

    @property
    def text(self) -> str:
        return "".join(self.fragments)


@dataclass(slots=True)
class ThinkingPiece(TextPiece):
    pass


@dataclass(slots=True)
class ToolCallPiece:
    """A fragment of a tool call; `index` says which call of the message it belongs to."""

    index: int
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def merge(self, piece: Piece) -> bool:
        if not isinstance(piece, ToolCallPiece) or piece.index != self.index:
            return False
        self.id = self.id or piece.id
        self.name = self.name or piece.name
        self.arguments.extend(piece.arguments)
        return True


OnPiece = Callable[[Piece], None]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What the model is told of a tool; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any]


@record
@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of requests. `input_tokens` includes `cached_tokens`; `price` is in US dollars, None if unknown."""

    type: ClassVar[str] = "usage"
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    price: float | None = None
    estimated: bool = False
    """True where the server reported nothing and the numbers were counted here."""

    def __add__(self, other: "Usage") -> "Usage":
        known = [p for p in (self.price, other.price) if p is not None]
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            sum(known) if known else None,
            self.estimated or other.estimated,
        )

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens
