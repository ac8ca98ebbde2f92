"""From a finished stream to a reply: calls recovered and repaired, ids unique, usage counted and priced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kimicode.config.catalog import ModelInfo, price_of
from kimicode.llm.assemble import Assembly
from kimicode.llm.model import ModelReply, ModelRequest
from kimicode.llm.recover import FoundCall, recover_calls, recover_from_thinking, tool_named
from kimicode.llm.repair import is_complete, repair_arguments, shape_of
from kimicode.llm.repetition import cut_repeats
from kimicode.llm.thinking import split_unopened
from kimicode.llm.tokens import estimate_tokens, tokens_of_parts
from kimicode.llm.wire import clean, unique_id
from kimicode.messages import (
    Message,
    Part,
    Piece,
    Text,
    TextPiece,
    Thinking,
    ThinkingPiece,
    ToolCall,
    ToolCallPiece,
    ToolSpec,
    Usage,
)

_SHOWN = 200


def reply_of(assembly: Assembly, request: ModelRequest, info: ModelInfo) -> ModelReply:
    """The reply that a finished (or stopped) stream amounts to."""
    draft = _Draft(request.tools, cut_off=assembly.finish_reason == "length")
    for piece in assembly.pieces:
        draft.add(piece, stuck=piece is assembly.repeated, last=piece is assembly.pieces[-1])
    draft.recover()
    message = Message("assistant", tuple(draft.parts))
    return ModelReply(
        message,
        _usage(assembly.usage, request, message, info),
        _finish_reason(assembly, message),
        draft.invalid,
        draft.recovered,
    )


@dataclass(slots=True)
class _Draft:
    """The parts of the message so far and what was found out about its calls."""

    tools: Sequence[ToolSpec]
    cut_off: bool
    parts: list[Part] = field(default_factory=list)
    invalid: dict[str, str] = field(default_factory=dict)
    recovered: int = 0
    ids: set[str] = field(default_factory=set)

    def add(self, piece: Piece, *, stuck: bool, last: bool) -> None:
        if isinstance(piece, ToolCallPiece):
            self._add_call(piece, stuck=stuck, last=last)
        elif isinstance(piece, TextPiece):
            text = cut_repeats(piece.text) if stuck else piece.text
            if text.strip():
                self.parts.append((Thinking if isinstance(piece, ThinkingPiece) else Text)(clean(text)))

    def recover(self) -> None:
        """Where no call came as such, look for calls in the text, and then among the thoughts."""
        self._split_unopened()
        if any(isinstance(part, ToolCall) for part in self.parts):
            return
        parts, self.parts = self.parts, []
        for part in parts:
            found = recover_calls(part.text, self.tools) if isinstance(part, Text) else None
            self._replace(part, found.text if found else "", found.calls if found else ())
        if not any(isinstance(part, ToolCall) for part in self.parts):
            self._recover_from_thinking()

    def _recover_from_thinking(self) -> None:
        silent = not any(isinstance(part, Text) for part in self.parts)
        parts, self.parts = self.parts, []
        for part in parts:
            found = recover_from_thinking(part.text, self.tools, tags=silent) if isinstance(part, Thinking) else None
            self._replace(part, found.text if found else "", found.calls if found else ())

    def _split_unopened(self) -> None:
        first = next(iter(self.parts), None)
        if isinstance(first, Text):
            thinking, text = split_unopened(first.text)
            if thinking.strip() or text != first.text:
                split: list[Part] = [Thinking(thinking)] if thinking.strip() else []
                self.parts[:1] = split + ([Text(text)] if text.strip() else [])

    def _replace(self, part: Part, text: str, calls: Sequence[FoundCall]) -> None:
        if not calls and isinstance(part, (Text, Thinking)) and (not text or text == part.text):
            self.parts.append(part)
            return
        if text:
            self.parts.append((Thinking if isinstance(part, Thinking) else Text)(text))
        for call in calls:
            self._add_call(ToolCallPiece(0, "", call.name, [call.arguments]), found=True)

    def _add_call(self, piece: ToolCallPiece, *, stuck: bool = False, last: bool = False, found: bool = False) -> None:
        text = "".join(piece.arguments)
        call_id = unique_id(piece.id, self.ids)
        self.ids.add(call_id)
        name = clean(piece.name).strip()
        tool = tool_named(name, self.tools)
        repaired = repair_arguments(text)
        problem = repaired.problem
        if stuck and problem:
            problem = "it was stopped because it repeated itself"
        elif self.cut_off and last and text.strip() and not is_complete(text):
            repaired = replace(repaired, arguments="{}")
            problem = "it was cut off at the output limit. Write less in one call, for example a file in several steps"
        if problem:
            self.invalid[call_id] = _explain(name, tool, text, problem)
        elif found or repaired.changed or (tool and tool.name != name):
            self.recovered += 1
        self.parts.append(ToolCall(call_id, tool.name if tool else name, repaired.arguments))


def _explain(name: str, tool: ToolSpec | None, text: str, problem: str) -> str:
    shown = clean(text) if len(text) <= _SHOWN else f"{clean(text[: _SHOWN // 2])} … {clean(text[-_SHOWN // 2 :])}"
    lines = [
        f"Your call of {name or 'a tool'} was not run, its arguments cannot be used: {problem}.",
        f"You sent: {shown}",
    ]
    if tool:
        lines.append(f"Call it again with one JSON object of this shape: {shape_of(tool)}")
    return "\n".join(lines)


def _finish_reason(assembly: Assembly, message: Message) -> str:
    if assembly.repeated is not None:
        return "repetition"
    if assembly.finish_reason in ("length", "content_filter"):
        return assembly.finish_reason
    return "tool_calls" if message.tool_calls else "stop"


def _usage(reported: Mapping[str, Any], request: ModelRequest, message: Message, info: ModelInfo) -> Usage:
    """What the server reports, and an estimate for each number that it leaves out."""
    details = reported.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else 0
    cached = cached or _count(reported.get("cached_tokens")) or _count(reported.get("prompt_cache_hit_tokens"))
    sent = _count(reported.get("prompt_tokens"))
    received = _count(reported.get("completion_tokens"))
    usage = Usage(
        sent or estimate_tokens(request.messages, request.tools),
        cached,
        received or tokens_of_parts(message.parts),
        estimated=not sent or (not received and bool(message.parts)),
    )
    return replace(usage, price=price_of(usage, info))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
