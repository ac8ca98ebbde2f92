"""What a spec may cost, checked before any compiler sees it, and without recursion."""

import json
import re
from collections.abc import Mapping
from typing import Any

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar.regexes import regex_complaint
from kimicode_engine.grammar.spec import GrammarSpec, JsonSchema, Regex
from kimicode_engine.template.messages import ToolSpec

SCHEMA_BYTES = 64 << 10
SCHEMA_DEPTH = 32
TOOLS = 128
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def refuse(message: str, param: str) -> RequestError:
    """The one kind of complaint about a grammar: status 400, code "invalid_grammar"."""
    return RequestError(message, param=param, code="invalid_grammar")


def check_spec(spec: GrammarSpec) -> None:
    """Raise RequestError for a spec that is too large to be looked at, or whose tools have impossible names."""
    _check_tools(spec.tools)
    for place, tool in enumerate(spec.tools):
        _check_schema(tool.parameters, f"tools[{place}].parameters")
    match spec.response:
        case JsonSchema(schema):
            _check_schema(schema, "response_format")
        case Regex(pattern):
            _check_regex(pattern, "regex")
        case _:
            pass


def _check_tools(tools: tuple[ToolSpec, ...]) -> None:
    """Raise RequestError unless there are at most 128 tools with names of [A-Za-z0-9_.-], each its own."""
    if len(tools) > TOOLS:
        raise refuse(f"{len(tools)} tools are declared; at most {TOOLS} are possible", "tools")
    seen: set[str] = set()
    for place, tool in enumerate(tools):
        if not NAME.fullmatch(tool.name):
            said = f"the name {tool.name[:80]!r} of a tool is not 1 to 64 of A-Z a-z 0-9 _ . -"
            raise refuse(said, f"tools[{place}].name")
        if tool.name in seen:
            raise refuse(f"two tools are named {tool.name!r}", f"tools[{place}].name")
        seen.add(tool.name)


def _check_schema(schema: object, param: str) -> None:
    """Raise RequestError unless a schema is JSON of at most 64 KB and 32 levels, with patterns that pass."""
    level: list[object] = [schema]
    for _ in range(SCHEMA_DEPTH + 1):
        level = [child for value in level for child in _children(value, param)]
        if not level:
            break
    else:
        raise refuse(f"the schema is nested more than {SCHEMA_DEPTH} levels deep", param)
    try:
        size = len(json.dumps(schema, allow_nan=False, default=dict))
    except (TypeError, ValueError) as error:
        raise refuse(f"the schema is no JSON: {error}", param) from None
    if size > SCHEMA_BYTES:
        raise refuse(f"the schema has {size} bytes as JSON; at most {SCHEMA_BYTES} are possible", param)


def _children(value: object, param: str) -> list[Any]:
    if isinstance(value, Mapping):
        pattern = value.get("pattern")
        if isinstance(pattern, str):
            _check_regex(pattern, param)
        named = value.get("patternProperties")
        for name in named if isinstance(named, Mapping) else ():
            _check_regex(str(name), param)
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


def _check_regex(pattern: str, param: str) -> None:
    complaint = regex_complaint(pattern)
    if complaint:
        raise refuse(f"a regular expression is refused: {complaint}", param)
