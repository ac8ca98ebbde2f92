"""What fills the window: tokens by what they are for, estimated like all sizes here."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kimicode.llm.tokens import MESSAGE_TOKENS, estimate_tokens, tokens_of_parts, tokens_of_text
from kimicode.messages import Image, Message, Part, Text, Thinking, ToolCall, ToolResult, ToolSpec

_INSTRUCTIONS = re.compile(r'<instructions from="[^"\n]*">\n.*?\n</instructions>', re.DOTALL)
_FILE_TOOLS = frozenset({"view", "createfile", "insert", "strreplace"})
SYSTEM, TOOLS, INSTRUCTIONS, PROMPTS = "system prompt", "tools", "AGENTS.md", "your words"
ANSWERS, THINKING, CALLS = "answers", "thinking", "tool calls"
FILES, OUTPUTS, IMAGES = "files seen", "command output", "images"
KINDS = (SYSTEM, TOOLS, INSTRUCTIONS, PROMPTS, ANSWERS, THINKING, CALLS, FILES, OUTPUTS, IMAGES)


@dataclass(frozen=True, slots=True)
class Share:
    """One kind of content and its tokens."""

    name: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Context:
    """The window in tokens. `used` is what counts for compaction: the server's own count where it is the larger one.

    The shares are estimates of their own and need not add up to `used`.
    """

    window: int
    used: int
    threshold: int
    """At this many tokens the history is compacted."""
    shares: tuple[Share, ...]

    @property
    def free(self) -> int:
        return max(0, self.window - self.used)


def context_of(
    messages: Sequence[Message], tools: Sequence[ToolSpec], *, used: int, window: int, threshold: int
) -> Context:
    """The breakdown of a history with the tools on offer; kinds without tokens are left out."""
    tokens: Counter[str] = Counter({TOOLS: estimate_tokens((), tools)})
    for message in messages:
        if message.role == "system":
            own = sum(map(tokens_of_text, _INSTRUCTIONS.findall(message.text)))
            tokens[INSTRUCTIONS] += own
            tokens[SYSTEM] += estimate_tokens([message]) - own
            continue
        for part in message.parts:
            tokens[_kind(part, message)] += tokens_of_parts([part])
        tokens[_frame(message)] += MESSAGE_TOKENS
    shares = tuple(Share(name, tokens[name]) for name in KINDS if tokens[name])
    return Context(window, used, threshold, shares)


def _kind(part: Part, message: Message) -> str:
    match part:
        case Image():
            return IMAGES
        case Thinking():
            return THINKING
        case ToolCall():
            return CALLS
        case ToolResult():
            return FILES if part.name in _FILE_TOOLS else OUTPUTS
        case Text():
            return ANSWERS if message.role == "assistant" else PROMPTS


def _frame(message: Message) -> str:
    return {"assistant": ANSWERS, "tool": OUTPUTS}.get(message.role, PROMPTS)
