"""From deltas to Anthropic's answers: the events of a stream, or one message. Plain ASCII, like OpenAI's."""

import json
import re
from typing import Any

from kimicode_engine.errors import RequestError
from kimicode_engine.output import (
    Content,
    Delta,
    FinishReason,
    Piece,
    Reasoning,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from kimicode_engine.server.asked import Asked
from kimicode_engine.server.refusals import ANTHROPIC_ROUTES, error_body

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
SIGNATURE = "unsigned"
"""Clients keep a thinking block only with a signature, and send it back; nobody checks this one."""
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_STOP = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CANCELLED: "end_turn",
}


class MessageFold:
    """One request to /v1/messages. Not streaming, it collects; streaming, it keeps nothing."""

    def __init__(self, asked: Asked, *, id: str, model: str, prompt_tokens: int) -> None:  # noqa: A002
        self._stream = asked.stream
        self._message = {"id": id, "type": "message", "role": "assistant", "model": model}
        self._usage = Usage(prompt_tokens, 0)
        self._last = Delta(())
        self._block = _Block()
        self._blocks: list[dict[str, Any]] = []

    def start(self) -> bytes:
        """What opens the stream. How much of the prompt was cached is known, and said, at the end."""
        nothing_yet: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None}
        message = {**self._message, **nothing_yet, "usage": usage_body(self._usage)}
        return _event("message_start", {"message": message}).encode()

    def feed(self, choice: int, delta: Delta) -> bytes:
        """The events of one delta; nothing unless streaming. There is one choice only."""
        self._usage = delta.usage or self._usage
        self._last = delta if delta.finish else self._last
        if not self._stream:
            self._collect(delta.pieces)
            return b""
        events = "".join(map(self._block.feed, delta.pieces))
        if delta.finish is FinishReason.ERROR:
            return events.encode() + self.error(RequestError(delta.error or "the answer failed", status=500))
        return events.encode()

    def finish(self) -> bytes:
        """What closes the stream; after an error nothing more."""
        if self._last.finish is FinishReason.ERROR:
            return b""
        ending = {"delta": self._ending(), "usage": usage_body(self._usage)}
        return (self._block.end() + _event("message_delta", ending) + _event("message_stop", {})).encode()

    def error(self, error: RequestError) -> bytes:
        """An error in the middle of a stream; the stream ends with it."""
        self._last = Delta((), finish=FinishReason.ERROR)
        return f"event: error\ndata: {json.dumps(error_body(ANTHROPIC_ROUTES, error))}\n\n".encode()

    def response(self) -> bytes:
        """All that was fed, as one message."""
        content = [_whole(block) for block in self._blocks]
        body = {**self._message, "content": content, **self._ending(), "usage": usage_body(self._usage)}
        return json.dumps(body).encode()

    def _ending(self) -> dict[str, Any]:
        reason = _STOP.get(self._last.finish) if self._last.finish else None
        stop = self._last.stop
        return {"stop_reason": reason if stop is None else "stop_sequence", "stop_sequence": stop}

    def _collect(self, pieces: tuple[Piece, ...]) -> None:
        for piece in pieces:
            if isinstance(piece, ToolCallStart):
                self._blocks.append(_opening(piece) | {"input": ""})
                continue
            member = _MEMBERS[type(piece)]
            if not self._blocks or member not in self._blocks[-1]:
                self._blocks.append(_opening(piece))
            self._blocks[-1][member] += piece.text


class _Block:
    """The open content block of a stream, and its number."""

    __slots__ = ("_index", "_kind", "_quoted")

    def __init__(self) -> None:
        self._index = -1
        self._kind: type[Piece] | None = None
        self._quoted: bool | None = None
        """Whether this call's arguments are no object, so that they travel as a text inside of one. None: unknown."""

    def feed(self, piece: Piece) -> str:
        """The events of one piece: its block's start if it is another one, and its text."""
        events = ""
        if isinstance(piece, ToolCallStart) or type(piece) is not self._kind:
            events = self._open(piece)
        if isinstance(piece, ToolCallStart):
            return events
        text = self._arguments(piece.text) if isinstance(piece, ToolCallArguments) else piece.text
        return events + self._delta(_DELTAS[type(piece)], text) if text else events

    def end(self) -> str:
        """The end of the open block, if there is one."""
        if self._kind is None:
            return ""
        last = ""
        if self._kind is Reasoning:
            last = self._delta('"signature_delta","signature":', SIGNATURE)
        elif self._quoted:
            last = self._delta(_DELTAS[ToolCallArguments], '"}')
        self._kind, self._quoted = None, None
        return f'{last}event: content_block_stop\ndata: {{"type":"content_block_stop","index":{self._index}}}\n\n'

    def _open(self, piece: Piece) -> str:
        ended = self.end()
        self._index += 1
        self._kind = ToolCallArguments if isinstance(piece, ToolCallStart) else type(piece)
        return ended + _event("content_block_start", {"index": self._index, "content_block": _opening(piece)})

    def _arguments(self, text: str) -> str:
        """Clients parse arguments as they come and fail at what is no object."""
        if self._quoted is None:
            text = text.lstrip()
            self._quoted = not text.startswith("{") if text else None
            if self._quoted:
                return '{"arguments":' + json.dumps(text)[:-1]
        return json.dumps(text)[1:-1] if self._quoted else text

    def _delta(self, kind: str, text: str) -> str:
        opening = f'event: content_block_delta\ndata: {{"type":"content_block_delta","index":{self._index},"delta":'
        return f'{opening}{{"type":{kind}{json.dumps(text)}}}}}\n\n'


_DELTAS: dict[type[Piece], str] = {
    Reasoning: '"thinking_delta","thinking":',
    Content: '"text_delta","text":',
    ToolCallArguments: '"input_json_delta","partial_json":',
}
_MEMBERS: dict[type[Piece], str] = {Reasoning: "thinking", Content: "text", ToolCallArguments: "input"}


def usage_body(usage: Usage) -> dict[str, Any]:
    """Anthropic's counts in tokens: `input_tokens` are those that were computed anew."""
    return {
        "input_tokens": usage.prompt_tokens - usage.cached_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }


def tool_use_id(id: str) -> str:  # noqa: A002
    """`functions.NAME:INDEX` in the characters that Anthropic's ids have: `toolu_INDEX_NAME`, as unique as before."""
    name, _, index = id.removeprefix("functions.").rpartition(":")
    return f"toolu_{index}_{_NOT_IN_IDS.sub('_', name)}"


def _opening(piece: Piece) -> dict[str, Any]:
    """A content block as it is before its text."""
    match piece:
        case Reasoning():
            return {"type": "thinking", "thinking": "", "signature": ""}
        case ToolCallStart(_, id, name):
            return {"type": "tool_use", "id": tool_use_id(id), "name": name, "input": {}}
        case _:
            return {"type": "text", "text": ""}


def _whole(block: dict[str, Any]) -> dict[str, Any]:
    """A collected block as it is sent."""
    if block["type"] == "thinking":
        return {**block, "signature": SIGNATURE}
    if block["type"] == "text":
        return block
    try:
        parsed = json.loads(block["input"] or "{}")
    except (ValueError, RecursionError):
        parsed = block["input"]
    return {**block, "input": parsed if isinstance(parsed, dict) else {"arguments": block["input"]}}


def _event(kind: str, body: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **body})}\n\n"
