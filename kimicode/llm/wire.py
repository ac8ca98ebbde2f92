"""Messages to the JSON of the chat-completions API, in the shape that Kimi's chat template was trained on.

Whatever the history looks like, what goes out is well-formed: each call has one id and one result right after it.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from kimicode.config.catalog import ModelInfo
from kimicode.messages import Image, Message, Text, Thinking, ToolCall, ToolResult, ToolSpec

NO_RESULT = "(no result was recorded for this call)"
NO_IMAGE = "(an image was here; this model reads text only)"
Json = dict[str, Any]


def clean(text: str) -> str:
    """`text` without lone surrogates, which no UTF-8 body can carry; halves that belong together become one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return text


def tools_to_wire(tools: Iterable[ToolSpec]) -> list[Json]:
    """The `tools` field of a request."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in tools
    ]


def messages_to_wire(messages: Sequence[Message], info: ModelInfo) -> list[Json]:
    """The `messages` field of a request."""
    history = _History(info)
    for message in messages:
        history.add(message)
    history.settle()
    return history.wire


class _History:
    """The conversation as it goes out; open calls wait here for their results."""

    def __init__(self, info: ModelInfo) -> None:
        self.wire: list[Json] = []
        self._info = info
        self._ids: set[str] = set()
        self._open: dict[str, deque[tuple[str, str]]] = {}
        self._images: list[Image] = []

    def add(self, message: Message) -> None:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        for result in results:
            self._add_result(result)
        rest = Message(message.role, tuple(part for part in message.parts if not isinstance(part, ToolResult)))
        if results and not rest.parts:
            return
        self.settle()
        if rest.role == "assistant":
            self._add_assistant(rest)
        else:
            role = "user" if rest.role == "tool" else rest.role
            self.wire.append({"role": role, "content": self._content(rest.parts)})

    def settle(self) -> None:
        """Close the current step: open calls get a result, and images of results follow as the user's."""
        for waiting in self._open.values():
            for call_id, name in waiting:
                self._append_result(call_id, name, NO_RESULT)
        self._open.clear()
        if self._images:
            self.wire.append({"role": "user", "content": self._content(self._images)})
            self._images = []

    def _add_assistant(self, message: Message) -> None:
        entry: Json = {"role": "assistant", "content": clean(message.text)}
        thinking = "".join(part.text for part in message.parts if isinstance(part, Thinking))
        calls = [self._call(call) for call in message.tool_calls]
        if self._info.preserve_thinking and (thinking or calls):  # Moonshot insists on the field beside calls
            entry["reasoning_content"] = clean(thinking)
        if calls:
            entry["tool_calls"] = calls
        self.wire.append(entry)

    def _call(self, call: ToolCall) -> Json:
        new_id = self._new_id(call)
        self._open.setdefault(call.id, deque()).append((new_id, call.name))
        return {
            "id": new_id,
            "type": "function",
            "function": {"name": call.name, "arguments": clean(call.arguments) or "{}"},
        }

    def _new_id(self, call: ToolCall) -> str:
        if self._info.indexed_ids:
            new_id = f"functions.{call.name}:{len(self._ids)}"
        else:
            new_id = unique_id(call.id, self._ids)
        self._ids.add(new_id)
        return new_id

    def _add_result(self, result: ToolResult) -> None:
        text = clean("\n".join(part.text for part in result.content if isinstance(part, Text)))
        images = [part for part in result.content if isinstance(part, Image)]
        if images and not self._info.images:
            text = "\n".join(filter(None, [text, *[NO_IMAGE] * len(images)]))
        elif images:
            self._images += images
            text = text or "(the image follows)"
        waiting = self._open.get(result.call_id)
        if not waiting:
            self.settle()
            self.wire.append({"role": "user", "content": f"Earlier result of {result.name}:\n{text}"})
            return
        call_id, name = waiting.popleft()
        self._append_result(call_id, name, text)

    def _append_result(self, call_id: str, name: str, text: str) -> None:
        entry: Json = {"role": "tool", "tool_call_id": call_id, "content": text}
        if self._info.indexed_ids:  # Kimi's template heads a result with the tool's name; others may refuse the field
            entry["name"] = name
        self.wire.append(entry)

    def _content(self, parts: Sequence[Any]) -> str | list[Json]:
        """A plain string wherever there is no image: templates render a list differently, even an empty one."""
        texts = [clean(part.text) for part in parts if isinstance(part, Text)]
        images = [part for part in parts if isinstance(part, Image)]
        if not images or not self._info.images:
            return "\n".join(texts + [NO_IMAGE] * len(images))
        content: list[Json] = [{"type": "text", "text": text} for text in texts if text]
        for image in images:
            url = f"data:{image.media_type};base64,{image.data}"
            content.append({"type": "image_url", "image_url": {"url": url}})
        return content


def unique_id(wanted: str, taken: set[str]) -> str:
    """`wanted`, or a name like it that is not in `taken`; never empty."""
    candidate = stem = wanted.strip() or "call"
    number = 1
    while candidate in taken or candidate == "call":
        candidate = f"{stem}_{number}"
        number += 1
    return candidate
