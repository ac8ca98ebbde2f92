"""How many tokens a conversation has, estimated from its bytes where no tokenizer is at hand."""

import json
from collections.abc import Iterable, Sequence

from kimicode.messages import Image, Message, Part, Text, Thinking, ToolCall, ToolResult, ToolSpec

IMAGE_TOKENS = 1_000
MESSAGE_TOKENS = 4
CALL_TOKENS = 12


def estimate_tokens(messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> int:
    """Tokens of a request: two for seven bytes, which code and prose of most languages stay under."""
    declared = (f"{t.name}{t.description}{json.dumps(t.parameters, separators=(',', ':'))}" for t in tools)
    return sum(map(tokens_of_text, declared)) + sum(
        MESSAGE_TOKENS + tokens_of_parts(message.parts) for message in messages
    )


def tokens_of_parts(parts: Iterable[Part]) -> int:
    """Tokens of a message's parts, without what frames the message."""
    return sum(map(_tokens_of_part, parts))


def tokens_of_text(text: str) -> int:
    return -(-len(text.encode("utf-8", "surrogatepass")) * 2 // 7)


def _tokens_of_part(part: Part) -> int:
    match part:
        case Text(text) | Thinking(text):
            return tokens_of_text(text)
        case Image():
            return IMAGE_TOKENS
        case ToolCall(_, name, arguments):
            return CALL_TOKENS + tokens_of_text(name + arguments)
        case ToolResult(_, _, content):
            return CALL_TOKENS + tokens_of_parts(content)
