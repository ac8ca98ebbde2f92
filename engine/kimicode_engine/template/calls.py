"""Gives the tool calls of a history the ids that the model was trained on, `functions.NAME:INDEX`.

Clients bring their own ids (call_1f3, toolu_9, functions_name_3); a model that reads them begins to write them."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from kimicode_engine.template.messages import Message, ToolCall

UNNAMED = "tool"

_CANONICAL = re.compile(r"functions\.([^:]+):\d+")
_SANITISED = re.compile(r"functions[._](.+?)[:_](\d+)")


def renumber(messages: Iterable[Message]) -> list[Message]:
    """The same messages with canonical ids; INDEX counts calls from 0 over all messages.

    A result goes to its call: to the first unanswered one with its id in the turn before it, else to the last call
    that ever had it; without an id, to the first unanswered call (of its name, if it has one)."""
    ids = _Ids()
    return [ids.rename(message) for message in messages]


class _Ids:
    """Which canonical id stands for which of the client's."""

    def __init__(self) -> None:
        self._count = 0
        self._open: deque[tuple[ToolCall, str]] = deque()
        self._latest: dict[str, str] = {}

    def rename(self, message: Message) -> Message:
        if message.role == "tool":
            return replace(message, tool_call_id=self._answer(message))
        if message.role != "assistant" or not message.tool_calls:
            return message
        self._open.clear()
        return replace(message, tool_calls=tuple(self._call(call) for call in message.tool_calls))

    def _call(self, call: ToolCall) -> ToolCall:
        canonical = f"functions.{call.name or _name_in(call.id) or UNNAMED}:{self._count}"
        self._count += 1
        self._open.append((call, canonical))
        self._latest[call.id] = canonical
        return replace(call, id=canonical)

    def _answer(self, message: Message) -> str:
        wanted = message.tool_call_id
        for answered in self._open:
            call, canonical = answered
            if call.id == wanted if wanted else message.name in (None, "", call.name):
                self._open.remove(answered)
                return canonical
        if wanted in self._latest:
            return self._latest[wanted]
        return self._orphan(wanted or "", message.name)

    def _orphan(self, wanted: str, name: str | None) -> str:
        """An id for a result whose call is not in the history, as after a compaction."""
        if _CANONICAL.fullmatch(wanted):
            return wanted
        if match := _SANITISED.fullmatch(wanted):
            return f"functions.{match[1]}:{match[2]}"
        return f"functions.{name or UNNAMED}:{self._count}"


def _name_in(identifier: str) -> str | None:
    match = _CANONICAL.fullmatch(identifier) or _SANITISED.fullmatch(identifier)
    return match[1] if match else None
