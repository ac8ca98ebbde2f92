"""A model that plays back what a test wrote: the `Model` of tests that need no socket."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from kimicode.llm.model import ModelReply, ModelRequest, OnRetry
from kimicode.messages import Message, OnPiece, Part, Text, TextPiece, ToolCall, Usage

Turn = ModelReply | Exception | Callable[[ModelRequest], ModelReply]
USAGE = Usage(input_tokens=100, cached_tokens=80, output_tokens=10, price=0.001)


def says(text: str, finish_reason: str = "stop", usage: Usage = USAGE) -> ModelReply:
    parts: tuple[Part, ...] = (Text(text),) if text else ()
    return ModelReply(Message("assistant", parts), usage, finish_reason)


def calls(*named: tuple[str, dict[str, Any]], text: str = "", usage: Usage = USAGE) -> ModelReply:
    made = tuple(ToolCall(f"call_{i}", name, json.dumps(arguments)) for i, (name, arguments) in enumerate(named))
    return ModelReply(Message("assistant", (*((Text(text),) if text else ()), *made)), usage, "tool_calls")


class PlaybackModel:
    """Answers with its turns in order and keeps the requests; an exception is raised, a function is asked."""

    def __init__(self, *turns: Turn, delay: float = 0.0) -> None:
        self._turns = list(turns)
        self._delay = delay
        self.requests: list[Sequence[Message]] = []

    async def complete(self, request: ModelRequest, on_piece: OnPiece, on_retry: OnRetry) -> ModelReply:
        self.requests.append(tuple(request.messages))
        assert self._turns, "the model was asked more often than the test has turns"
        turn = self._turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        reply = turn if isinstance(turn, ModelReply) else turn(request)
        for word in reply.message.text.split(" ") if reply.message.text else []:
            on_piece(TextPiece([word + " "]))
            await asyncio.sleep(self._delay)
        return reply

    async def close(self) -> None:
        """Nothing to release."""
