"""What the agent asks of a model and what it gets back; the real client and the tests' models both are a `Model`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kimicode.events import RetryScheduled
from kimicode.messages import Message, OnPiece, ToolSpec, Usage

OnRetry = Callable[[RetryScheduled], None]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """The whole conversation so far and the tools on offer; `max_output_tokens` None leaves the limit to the client."""

    messages: Sequence[Message]
    tools: Sequence[ToolSpec]
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ModelReply:
    """One answer. Every call's arguments are the JSON text of an object, and every call id is unique in the message."""

    message: Message
    usage: Usage
    finish_reason: str
    """`stop`, `tool_calls`, `length`, `content_filter`, or `repetition` where the stream was stopped here."""
    invalid: Mapping[str, str] = field(default_factory=dict)
    """Call id -> what is wrong with the call, written for the model. Such a call must not be run."""
    recovered: int = 0
    """How many tool calls were found in text or had their arguments repaired."""


class Model(Protocol):
    """Something that answers a conversation. Raises only `kimicode.errors.ModelError` and its kinds."""

    async def complete(self, request: ModelRequest, on_piece: OnPiece, on_retry: OnRetry) -> ModelReply:
        """Stream one answer: each piece goes to `on_piece`; after `on_retry` the pieces so far no longer count."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
