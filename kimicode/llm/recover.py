"""Tool calls that a model wrote into its text instead of calling, found and taken out of it.

Known shapes: JSON in fences, bare JSON, <tool_call>, <function=…> and <bash …> tags, Kimi's own markers. Only names
of tools on offer count, so that an example of JSON stays what it is. One pass; failures are limited: linear time.
"""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kimicode.llm import repair
from kimicode.messages import ToolSpec

PATIENCE = 100
"""After so many openings that were no call the rest stays text: looking further would cost time and find nothing."""
MOST_VALUES = 1_000
MOST_CALLS = 200

_CALL_KEY = (
    r"(?:\[\s{0,40})?\{\s{0,40}[\"'](?:name|type|function|id|tool|tool_name|tool_calls|arguments|parameters|input)[\"']"
)
_KIMI_OPENING = re.compile(r"(?P<kimi><\|tool_calls?_(?:section_)?begin\|>)")
_MARKED_OPENING = re.compile(_KIMI_OPENING.pattern + r"|(?P<tag><tool_call>)|(?P<xml><function=)")
_OPENING = re.compile(
    _MARKED_OPENING.pattern + r"|(?P<fence>^[ \t]*+```)|(?P<bare>^[ \t]*+\{?(?=" + _CALL_KEY + "))"
    r"|(?P<attributes>^[ \t]*+<(?=[a-z]{2,20}\s+[a-z_]{2,20}=\"))",
    re.MULTILINE,
)
_KIMI_SECTION = re.compile(r"\s*+<\|tool_calls?_section_(?:begin|end)\|>\s*+")
_KIMI_CALL = re.compile(r"\s*+<\|tool_calls?_begin\|>\s*+([^<{]{0,200})<\|tool_calls?_argument_begin\|>\s*+")
_KIMI_STOP = re.compile(r"<\|tool_calls?_(?:end|begin|section_begin|section_end)\|>|\Z")
_KIMI_END = re.compile(r"\s*+<\|tool_calls?_end\|>\s*+")
_TAG = re.compile(r"</?tool_call>|\Z")
_TAG_END = re.compile(r"\s*+</tool_call>")
_FUNCTION = re.compile(r"<function=([^>\s]{1,200})>(.*?)(?:</function>|(?=<function=|</tool_call>)|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\s]{1,200})>(.*?)(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL)
_ELEMENT = re.compile(r"([a-z]{2,20})((?:\s+[a-z_]{2,20}=\"[^\"]*+\")++)\s*+/?>(?:\s*+</\1>)?")
_ATTRIBUTE = re.compile(r"([a-z_]{2,20})=\"([^\"]*)\"")
_FENCE = re.compile(r"[ \t]*+```[ \t]*+([\w+-]{0,40})[^\n]*(?:\n|\Z)")
_FENCE_END = re.compile(r"^[ \t]*+```[ \t]*$|\Z", re.MULTILINE)
_CALL_FENCES = ("", "json", "json5", "jsonc", "tool_call", "tool_calls", "tool", "tool_code", "function", "xml")
_ID = re.compile(r"(?:functions?[._])?(.*?)(?:[:_]\d+)?\Z", re.DOTALL | re.IGNORECASE)
_BLANK = re.compile(r"\s*+")
_INVENTED = re.compile(
    r"^[ \t]*+<tool_response>(?:(?!</tool_response>).)*+(?:</tool_response>)?", re.DOTALL | re.MULTILINE
)
_EMPTY_TAGS = re.compile(r"<(tools|tool_call|function_call)>\s*+</\1>")
_GAP = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A call from text: a tool's exact name, and arguments still as the model wrote them."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """`text` without the calls that were found in it; untouched where there are none."""

    text: str
    calls: tuple[FoundCall, ...] = ()


def recover_calls(text: str, tools: Sequence[ToolSpec]) -> Recovered:
    """Find calls of `tools` in an answer, in every known shape. Never raises.

    Results that the model made up go with the calls, and alone they are no answer; in an answer they stay.
    """
    found = _Search(text, tools).run(_OPENING)
    rest = _INVENTED.sub("", found.text).strip()
    if found.calls:
        return Recovered(_EMPTY_TAGS.sub("", rest).strip(), found.calls)
    return found if rest else Recovered("")


def recover_from_thinking(text: str, tools: Sequence[ToolSpec], *, tags: bool) -> Recovered:
    """Find calls among thoughts: Kimi's markers, and tags if `tags`; JSON there is a draft. Never raises."""
    return _Search(text, tools).run(_MARKED_OPENING if tags else _KIMI_OPENING)


def tool_named(written: str, tools: Sequence[ToolSpec]) -> ToolSpec | None:
    """The tool that `bash`, `Bash`, `functions.bash` or `functions.bash:0` means; None if there is none."""
    by_name = {tool.name.lower(): tool for tool in tools}
    whole = written.strip().lower()
    core = _ID.match(whole)
    return by_name.get(whole) or (by_name.get(core.group(1)) if core else None)


@dataclass(slots=True)
class _Search:
    """One pass over a text; each `_from_…` returns where its find ends, or None where there is nothing to take."""

    text: str
    tools: Sequence[ToolSpec]
    calls: list[FoundCall] = field(default_factory=list)
    failures: int = 0

    def run(self, opening: re.Pattern[str]) -> Recovered:
        kept: list[str] = []
        start = taken = 0
        while self.failures < PATIENCE and len(self.calls) < MOST_CALLS and (match := opening.search(self.text, start)):
            end, skip = self._find(match)
            if end is not None:
                kept.append(self.text[taken : match.start()])
                taken = start = end
            else:
                self.failures += 1
                start = max(skip, match.end())
        if not taken:
            return Recovered(self.text)
        kept.append(self.text[taken:])
        return Recovered(_GAP.sub("\n\n", "".join(kept)).strip(), tuple(self.calls))

    def _find(self, match: re.Match[str]) -> tuple[int | None, int]:
        """(end of what is to be taken out or None, where to look on if None)."""
        match match.lastgroup:
            case "kimi":
                return self._from_kimi(match.start())
            case "tag":
                return self._from_tag(match.end())
            case "xml":
                return self._from_xml(match.start())
            case "fence":
                return self._from_fence(match.start())
            case "attributes":
                return self._from_attributes(match.end())
        return self._from_bare(match.end())

    def _from_kimi(self, start: int) -> tuple[int | None, int]:
        section = _KIMI_SECTION.match(self.text, start)
        position = section.end() if section else start
        found: list[FoundCall] = []
        while call := _KIMI_CALL.match(self.text, position):
            arguments, position = self._kimi_arguments(call.end())
            tool = tool_named(call.group(1), self.tools)
            if tool is None:
                return None, position
            found.append(FoundCall(tool.name, arguments))
        if not found:  # a section that was opened and left empty is noise, not text
            return (position if section else None), position
        closing = _KIMI_SECTION.match(self.text, position)
        self.calls += found
        return (closing.end() if closing else position), position

    def _kimi_arguments(self, start: int) -> tuple[str, int]:
        """Arguments end where their JSON ends: a file about these markers may contain them."""
        value = self._value_at(start)
        stop = value[1] if value else 0
        if not value or not _KIMI_STOP.match(self.text, _blank_end(self.text, stop)):
            marker = _KIMI_STOP.search(self.text, start)
            stop = marker.start() if marker else len(self.text)
        end = _KIMI_END.match(self.text, stop)
        return self.text[start:stop], end.end() if end else stop

    def _from_tag(self, start: int) -> tuple[int | None, int]:
        body_start = _blank_end(self.text, start)
        value = self._value_at(body_start)
        if value and (found := self._calls_in(value[0], named=True)):
            self.calls += found
            closing = _TAG_END.match(self.text, value[1])
            return (closing.end() if closing else value[1]), start
        function = _FUNCTION.match(self.text, body_start)
        closing = _TAG.search(self.text, function.end() if function else body_start)
        stop = closing.start() if closing else len(self.text)
        found = self._calls_of_body(self.text[body_start:stop])
        if not found:
            return None, stop
        self.calls += found
        return (closing.end() if closing and closing.group() == "</tool_call>" else stop), stop

    def _calls_of_body(self, body: str) -> list[FoundCall]:
        functions = [self._function(match) for match in _FUNCTION.finditer(body)]
        if functions:
            return [call for call in functions if call]
        values = self._values_of(body)
        return [call for value in values or [] for call in self._calls_in(value, named=True)]

    def _from_xml(self, start: int) -> tuple[int | None, int]:
        match = _FUNCTION.match(self.text, start)
        call = self._function(match) if match else None
        if match is None or call is None:
            return None, match.end() if match else start
        self.calls.append(call)
        closing = _TAG_END.match(self.text, match.end())
        return (closing.end() if closing else match.end()), start

    def _from_attributes(self, start: int) -> tuple[int | None, int]:
        """`<bash command="ls" timeout="30"/>`: an element named like a tool."""
        match = _ELEMENT.match(self.text, start)
        tool = tool_named(match.group(1), self.tools) if match else None
        schemas = tool.parameters.get("properties", {}) if tool else {}
        written = dict(_ATTRIBUTE.findall(match.group(2))) if match else {}
        if match is None or tool is None or not written.keys() & schemas.keys():
            return None, match.end() if match else start
        arguments = {name: _typed(html.unescape(value), schemas.get(name)) for name, value in written.items()}
        self.calls.append(FoundCall(tool.name, _dump(arguments)))
        return match.end(), start

    def _function(self, match: re.Match[str]) -> FoundCall | None:
        tool = tool_named(match.group(1), self.tools)
        if tool is None:
            return None
        schemas = tool.parameters.get("properties", {})
        arguments = {
            name: _typed(value, schemas.get(name)) for name, value in _PARAMETER.findall(match.group(2))
        } or match.group(2)
        return FoundCall(tool.name, arguments if isinstance(arguments, str) else _dump(arguments))

    def _from_fence(self, start: int) -> tuple[int | None, int]:
        fence = _FENCE.match(self.text, start)
        if fence is None:
            return None, start
        closing = _FENCE_END.search(self.text, fence.end())
        stop, end = closing.span() if closing else (len(self.text),) * 2
        if fence.group(1).lower() not in _CALL_FENCES:
            self.failures -= 1  # ordinary code, and its lines are not looked at again
            return None, end
        found = self._calls_of_fence(self.text[fence.end() : stop])
        if not found:
            return None, end
        self.calls += found
        return end, end

    def _calls_of_fence(self, body: str) -> list[FoundCall]:
        """The calls of a fence that holds calls and nothing else."""
        if "<function=" in body or "<tool_call>" in body or "<|tool_call" in body:
            inner = _Search(body, self.tools, failures=self.failures).run(_MARKED_OPENING)
            return [] if inner.text.strip() else list(inner.calls)
        values = self._values_of(body)
        found = [self._calls_in(value) for value in values or []]
        return [call for calls in found for call in calls] if all(found) else []

    def _from_bare(self, start: int) -> tuple[int | None, int]:
        value = self._value_at(start)
        if value is None:
            whole = self.text.strip() if not self.text[:start].strip() else ""
            values = self._values_of(whole) or []
            value = (values[0], len(self.text)) if len(values) == 1 else None
        found = self._calls_in(value[0]) if value else []
        self.calls += found
        return (value[1], start) if value and found else (None, value[1] if value else start + 1)

    def _values_of(self, body: str) -> list[Any] | None:
        """All JSON values that a text consists of; None if it is something else."""
        values: list[Any] = []
        position = _blank_end(body, 0)
        while position < len(body) and len(values) < MOST_VALUES:
            value = _json_at(body, position)
            if value is None:
                break
            values.append(value[0])
            position = _blank_end(body, value[1])
            if body.startswith((",", ";"), position):
                position = _blank_end(body, position + 1)
        if position >= len(body):
            return values
        self.failures += 1
        try:
            return [repair.loads(body)]
        except (ValueError, RecursionError):
            return None

    def _value_at(self, start: int) -> tuple[Any, int] | None:
        if self.failures >= PATIENCE:
            return None
        value = _json_at(self.text, start)
        self.failures += value is None
        return value

    def _calls_in(self, value: Any, *, named: bool = False) -> list[FoundCall]:
        """The calls that a JSON value describes, all or none; with `named`, a name alone is a call too."""
        if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
            value = value["tool_calls"]
        if isinstance(value, list):
            found = [self._call_in(item, named) for item in value]
            return [call for call in found if call] if all(found) else []
        call = self._call_in(value, named)
        return [call] if call else []

    def _call_in(self, value: Any, named: bool) -> FoundCall | None:
        if not isinstance(value, dict):
            return None
        if isinstance(value.get("function"), dict):
            value = value["function"]
        name = next((value[k] for k in ("name", "function", "tool", "tool_name") if isinstance(value.get(k), str)), "")
        tool = tool_named(name, self.tools) if name else None
        keys = [key for key in ("arguments", "parameters", "input", "args") if isinstance(value.get(key), (dict, str))]
        if tool is None or not (keys or named):
            return None
        arguments = value[keys[0]] if keys else {}
        return FoundCall(tool.name, arguments if isinstance(arguments, str) else _dump(arguments))


def _json_at(text: str, start: int) -> tuple[Any, int] | None:
    if not text.startswith(("{", "["), start):
        return None
    try:
        return repair.decode_at(text, start)
    except (ValueError, RecursionError):
        return None


def _typed(value: str, schema: Any) -> Any:
    """A parameter's text as its schema's type; strings lose the one newline that the tags' layout adds."""
    text = value.removeprefix("\n").removesuffix("\n")
    if isinstance(schema, dict) and schema.get("type", "string") != "string":
        try:
            return repair.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _blank_end(text: str, start: int) -> int:
    match = _BLANK.match(text, start)
    return match.end() if match else start


def _dump(arguments: Any) -> str:
    return json.dumps(arguments, ensure_ascii=False)
