"""From a conversation to the prompt, by the rules of Kimi K2.6's chat template.

A prompt is a row of markers and texts. Markers become control tokens by id; texts are encoded as text, whatever
they contain, so nothing that a user writes can end a turn or forge a tool call."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from kimicode_engine.errors import RequestError
from kimicode_engine.template.calls import renumber
from kimicode_engine.template.messages import Conversation, MediaPart, Message
from kimicode_engine.template.typescript import declare

DEFAULT_SYSTEM = "You are Kimi, an AI assistant created by Moonshot AI."


class Vocabulary(Protocol):
    """What is needed of a tokenizer."""

    control: Mapping[str, int]
    """Ids of control tokens by name."""

    def encode(self, text: str) -> list[int]:
        """Token ids of ordinary text, never a control token's."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A control token, by its name."""

    name: str


Segment = str | Marker

SYSTEM, USER, ASSISTANT = Marker("<|im_system|>"), Marker("<|im_user|>"), Marker("<|im_assistant|>")
MIDDLE, END = Marker("<|im_middle|>"), Marker("<|im_end|>")
THINK, THOUGHT = Marker("<think>"), Marker("</think>")
CALLS, CALLED = Marker("<|tool_calls_section_begin|>"), Marker("<|tool_calls_section_end|>")
CALL, CALL_END = Marker("<|tool_call_begin|>"), Marker("<|tool_call_end|>")
ARGUMENTS = Marker("<|tool_call_argument_begin|>")
MEDIA, MEDIA_CONTENT = Marker("<|media_begin|>"), Marker("<|media_content|>")
MEDIA_PAD, MEDIA_END = Marker("<|media_pad|>"), Marker("<|media_end|>")


def render(conversation: Conversation, tokenizer: Vocabulary) -> list[int]:
    """Token ids of the prompt, [T]. Raises RequestError: the conversation needs what the checkpoint does not have."""
    ids: list[int] = []
    text: list[str] = []
    for segment in segments(conversation, thinks=THINK.name in tokenizer.control):
        if isinstance(segment, str):
            text.append(segment)
            continue
        if text:
            ids += tokenizer.encode("".join(text))
            text.clear()
        if segment.name not in tokenizer.control:
            raise RequestError(f"this checkpoint has no {segment.name} token, which the conversation needs")
        ids.append(tokenizer.control[segment.name])
    return ids + tokenizer.encode("".join(text)) if text else ids


def render_text(conversation: Conversation, *, thinks: bool = True) -> str:
    """The prompt as a person reads it, control tokens as their names. Raises RequestError."""
    parts = segments(conversation, thinks=thinks)
    return "".join(part if isinstance(part, str) else part.name for part in parts)


def segments(conversation: Conversation, *, thinks: bool = True) -> Iterator[Segment]:
    """Markers and texts of the prompt, in order. `thinks`: the checkpoint has tokens for thinking."""
    messages = renumber(conversation.messages)
    unfinished = _unfinished_at(messages) if conversation.partial else None
    if conversation.tools:
        yield from (SYSTEM, "tool_declare", MIDDLE, declare(conversation.tools), END)
    if not messages or messages[0].role != "system":
        yield from (SYSTEM, "system", MIDDLE, DEFAULT_SYSTEM, END)
    kept = _reasoning_kept_from(conversation, messages)
    for index, message in enumerate(messages):
        yield from _header(message)
        if index == unfinished:
            yield from _unfinished(conversation, message, thinks)
            return
        yield from _body(message, thinks, keep=index >= kept)
        yield END
    yield from (ASSISTANT, "assistant", MIDDLE)
    if thinks:
        yield from (THINK,) if conversation.thinking else (THINK, THOUGHT)


def _unfinished_at(messages: list[Message]) -> int:
    """Index of the message that the model continues."""
    if messages and messages[-1].role == "assistant" and not messages[-1].tool_calls:
        return len(messages) - 1
    raise RequestError("only an assistant's last message without tool calls can be continued", param="messages")


def _reasoning_kept_from(conversation: Conversation, messages: list[Message]) -> int:
    """Index of the first message whose reasoning stays: the one after the last answer without tool calls."""
    if conversation.preserve_thinking:
        return 0
    if not conversation.thinking:
        return len(messages)
    history = messages[:-1] if conversation.partial else messages
    answers = (i for i, m in enumerate(history) if m.role == "assistant" and not m.tool_calls)
    return max(answers, default=-1) + 1


def _header(message: Message) -> Iterator[Segment]:
    yield {"user": USER, "assistant": ASSISTANT}.get(message.role, SYSTEM)
    yield message.name or message.role
    yield MIDDLE


def _body(message: Message, thinks: bool, *, keep: bool) -> Iterator[Segment]:
    if message.role == "tool":
        yield f"## Return of {message.tool_call_id}\n"
    if message.role != "assistant":
        yield from _content(message)
        return
    if thinks:
        yield from (THINK, (message.reasoning or "") if keep else "", THOUGHT)
    yield from _content(message)
    if message.tool_calls:
        yield CALLS
        for call in message.tool_calls:
            yield from (CALL, call.id, ARGUMENTS, call.arguments, CALL_END)
        yield CALLED


def _unfinished(conversation: Conversation, message: Message, thinks: bool) -> Iterator[Segment]:
    """An assistant's message up to where the model goes on: in its content, or in its thinking if it has none yet."""
    if thinks:
        kept = conversation.thinking or conversation.preserve_thinking
        yield from (THINK, (message.reasoning or "") if kept else "")
        if not conversation.opens_thinking:
            yield THOUGHT
    yield from _content(message)


def _content(message: Message) -> Iterator[Segment]:
    if isinstance(message.content, str):
        yield message.content
        return
    for part in message.content or ():
        if isinstance(part, MediaPart):
            yield from (MEDIA, part.kind, MEDIA_CONTENT, MEDIA_PAD, MEDIA_END, "\n")
        else:
            yield part.text
