"""Puts an answer together from the chunks of a stream: text, thinking, tool calls, usage, and why it ended."""

import json
from copy import deepcopy
from typing import Any

from kimicode.llm.repetition import RepetitionGuard
from kimicode.llm.thinking import ThinkSplitter
from kimicode.messages import OnPiece, Piece, TextPiece, ThinkingPiece, ToolCallPiece

Json = dict[str, Any]


class Assembly:
    """One answer in the making. Every piece is merged here and handed on as it comes."""

    def __init__(self, on_piece: OnPiece) -> None:
        self.pieces: list[Piece] = []
        self.finish_reason = ""
        self.usage: Json = {}
        self.repeated: Piece | None = None
        """The piece that repeats itself; the stream is not worth reading further."""
        self._on_piece = on_piece
        self._splitter = ThinkSplitter()
        self._calls: list[ToolCallPiece] = []
        self._index: dict[Any, int] = {}
        self._guards: dict[Any, RepetitionGuard] = {}

    def feed(self, chunk: Json) -> None:
        """Take one chunk of a stream, or a whole answer of a server that does not stream."""
        choice = _first(chunk.get("choices"))
        for source in (choice, chunk):  # Moonshot reports usage inside the choice, everybody else beside it
            if isinstance(source.get("usage"), dict) and source["usage"]:
                self.usage = source["usage"]
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            self._feed_delta(delta)
        if isinstance(choice.get("finish_reason"), str):
            self.finish_reason = choice["finish_reason"]

    def close(self) -> None:
        """Hand out what was held back as a possible tag."""
        self._add_runs(self._splitter.close())

    def _feed_delta(self, delta: Json) -> None:
        thinking = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thinking, str) and thinking:
            self._add(ThinkingPiece([thinking]), thinking)
        content = delta.get("content")
        if isinstance(content, list):
            content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
        if isinstance(content, str) and content:
            self._add_runs(self._splitter.feed(content))
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self._feed_call(call)

    def _add_runs(self, runs: list[tuple[bool, str]]) -> None:
        for is_thinking, text in runs:
            self._add(ThinkingPiece([text]) if is_thinking else TextPiece([text]), text)

    def _feed_call(self, call: Json) -> None:
        function = call.get("function") if isinstance(call.get("function"), dict) else {}
        assert isinstance(function, dict)
        call_id, name = _string(call.get("id")), _string(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, (dict, list)):
            arguments = json.dumps(arguments, ensure_ascii=False)
        text = _string(arguments)
        index = self._place(call.get("index"), call_id, name)
        self._add(ToolCallPiece(index, call_id, name, [text] if text else []), text)

    def _place(self, index: Any, call_id: str, name: str) -> int:
        """Which call a fragment belongs to: by its index, unless that index already names another call."""
        if not isinstance(index, (int, str)):
            begins = bool(name) or not self._calls
            return len(self._calls) if begins else len(self._calls) - 1
        known = self._index.get(index)
        if known is None or (name and call_id and self._calls[known].id not in ("", call_id)):
            self._index[index] = known = len(self._calls)
        return known

    def _add(self, piece: Piece, text: str) -> None:
        own: Piece = piece
        candidates = self._calls if isinstance(piece, ToolCallPiece) else self.pieces[-1:]
        if not (merged := next((p for p in reversed(candidates) if p.merge(piece)), None)):
            own = deepcopy(piece)  # the receiver may merge into the piece it was given
            self.pieces.append(own)
            if isinstance(own, ToolCallPiece):
                self._calls.append(own)
        key = piece.index if isinstance(piece, ToolCallPiece) else type(piece)
        guard = self._guards.setdefault(key, RepetitionGuard(arguments=isinstance(piece, ToolCallPiece)))
        if text and guard.feed(text):
            self.repeated = merged or own
        self._on_piece(piece)


def _first(choices: Any) -> Json:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
