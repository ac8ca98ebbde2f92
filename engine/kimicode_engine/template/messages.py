"""A conversation as plain frozen data, in the shape that the chat template speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text among other parts of a message."""

    text: str


@dataclass(frozen=True, slots=True)
class MediaPart:
    """The place of an image or a video; its pixels travel elsewhere."""

    kind: Literal["image", "video"]


Part = TextPart | MediaPart


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that an assistant made. `arguments` is JSON text as it came, and may be broken."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `reasoning` and `tool_calls` belong to assistants, `tool_call_id` to tools."""

    role: str
    """user, assistant, tool or system; any other is written like a system message under its own name."""
    content: str | tuple[Part, ...] | None = None
    name: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function that the model may call; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a prompt is made of.

    `preserve_thinking` keeps the reasoning of all turns, not only of those since the last answer without tool calls;
    `partial` leaves the last message, an assistant's, open so that the model continues it."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    thinking: bool = True
    preserve_thinking: bool = False
    partial: bool = False

    @property
    def calls(self) -> int:
        """How many tool calls the history has: the index of the next one."""
        return sum(len(message.tool_calls) for message in self.messages if message.role == "assistant")

    @property
    def opens_thinking(self) -> bool:
        """Whether the prompt ends inside a thinking block, so that the answer begins with reasoning."""
        return self.thinking and not (self.partial and self.messages and self.messages[-1].content)
