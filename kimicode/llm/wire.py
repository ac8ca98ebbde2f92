"""Messages to the JSON of the chat-completions API, in the shape that Kimi's chat template was trained on.

Whatever the history looks like, what goes out is well-formed: each call has one id and one result right after it.
"""

import operator
import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from kimicode.config.catalog import ModelInfo
from kimicode.messages import Image, Message, Text, Thinking, ToolCall, ToolResult, ToolSpec

NO_RESULT = "(no result was recorded for this call)"
NO_IMAGE = "(an image was here; this model reads text only)"
UNKNOWN = "unknown"
Json = dict[str, Any]

_NAME = re.compile("[A-Za-z][A-Za-z0-9_-]{0,63}")
_ID = re.compile("[!-~]{1,100}")


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


class Outgoing:
    """A conversation as it goes out. It grows with the history: what was converted once is not converted again."""

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._start_over()

    def wire_of(self, messages: Sequence[Message]) -> list[Json]:
        """The `messages` field of a request. Its objects come again in the next one and must not be changed."""
        if len(self._converted) > len(messages) or not all(map(operator.is_, self._converted, messages)):
            self._start_over()
        for message in messages[len(self._converted) :]:
            self._add(message)
            self._converted.append(message)
        return self._wire + self._ending()

    def _start_over(self) -> None:
        self._converted: list[Message] = []
        self._wire: list[Json] = []
        self._ids: set[str] = set()
        self._open: dict[str, deque[tuple[str, str]]] = {}
        """Calls that wait for their results."""
        self._images: list[Image] = []

    def _add(self, message: Message) -> None:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        for result in results:
            self._add_result(result)
        rest = Message(message.role, tuple(part for part in message.parts if not isinstance(part, ToolResult)))
        if results and not rest.parts:
            return
        self._settle()
        if rest.role == "assistant":
            self._add_assistant(rest)
        else:
            role = "user" if rest.role == "tool" else rest.role
            self._wire.append({"role": role, "content": self._content(rest.parts)})

    def _ending(self) -> list[Json]:
        """What closes the current step: open calls get a result, and images of results follow as the user's."""
        waiting = [call for calls in self._open.values() for call in calls]
        ending = [self._result(call_id, name, NO_RESULT) for call_id, name in waiting]
        if self._images:
            ending.append({"role": "user", "content": self._content(self._images)})
        return ending

    def _settle(self) -> None:
        self._wire += self._ending()
        self._open.clear()
        self._images.clear()

    def _add_assistant(self, message: Message) -> None:
        entry: Json = {"role": "assistant", "content": clean(message.text)}
        thinking = "".join(part.text for part in message.parts if isinstance(part, Thinking))
        calls = [self._call(call) for call in message.tool_calls]
        if self._info.preserve_thinking and (thinking or calls):  # Moonshot insists on the field beside calls
            entry["reasoning_content"] = clean(thinking)
        if calls:
            entry["tool_calls"] = calls
        self._wire.append(entry)

    def _call(self, call: ToolCall) -> Json:
        # A model may call what is no name at all, and servers refuse the whole conversation for it.
        name = call.name if _NAME.fullmatch(call.name) else UNKNOWN
        new_id = self._new_id(call.id, name)
        self._open.setdefault(call.id, deque()).append((new_id, name))
        return {
            "id": new_id,
            "type": "function",
            "function": {"name": name, "arguments": clean(call.arguments) or "{}"},
        }

    def _new_id(self, call_id: str, name: str) -> str:
        if self._info.indexed_ids:
            new_id = f"functions.{name}:{len(self._ids)}"
        else:
            new_id = unique_id(call_id if _ID.fullmatch(call_id) else "", self._ids)
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
            self._settle()
            self._wire.append({"role": "user", "content": f"Earlier result of {result.name}:\n{text}"})
            return
        call_id, name = waiting.popleft()
        self._wire.append(self._result(call_id, name, text))

    def _result(self, call_id: str, name: str, text: str) -> Json:
        entry: Json = {"role": "tool", "tool_call_id": call_id, "content": text}
        if self._info.indexed_ids:  # Kimi's template heads a result with the tool's name; others may refuse the field
            entry["name"] = name
        return entry

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
