"""JSON schemas as llguidance takes them: what it can enforce of each, with options, as one line of JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from kimicode_engine.grammar.checks import refuse
from kimicode_engine.grammar.spec import JsonSchema
from kimicode_engine.template.messages import ToolSpec

Complain = Callable[[str], str | None]
"""Says in one line why a grammar cannot be compiled; None if it can."""
WHITESPACE = "[ \\n\\r\\t]{1,64}"
"""Between two pieces of JSON. Bounded, since models that may write blanks forever sometimes do."""


def arguments_schemas(tool: ToolSpec, param: str, complain: Complain) -> tuple[str, ...]:
    """What constrains a tool's arguments, always an object: any one of these, which differ in the order of properties.

    A strict tool's schema is enforced exactly. Of another one, what cannot be enforced (`not`, unknown formats, a
    `oneOf` of cases that overlap …) is ignored, and if the rest fails too, any object passes. Raises RequestError for
    a strict tool whose schema cannot be enforced."""
    declared = {"type": "object"} | in_declared_order(tool.parameters)
    text = _with_options(declared, lenient=not tool.strict)
    kind = declared["type"]
    complaint = complain(f"start: %json {text}") if kind == "object" else f"their type is {kind!r}, not 'object'"
    if complaint and tool.strict:
        raise refuse(f"the parameters of the strict tool {tool.name!r} cannot be enforced: {complaint}", param)
    if complaint:
        return (any_object(),)
    own = _with_options({"type": "object", **tool.parameters}, lenient=not tool.strict)
    return (text,) if own == text else (text, own)


def response_schema(response: JsonSchema, param: str, complain: Complain) -> str:
    """What constrains a whole answer. Raises RequestError if it cannot be enforced."""
    text = _with_options(response.schema, lenient=not response.strict)
    complaint = complain(f"start: %json {text}")
    if complaint:
        raise refuse(f"the schema cannot be enforced: {complaint}", param)
    return text


def any_object() -> str:
    """The schema of any JSON object."""
    return _with_options({"type": "object"}, lenient=False)


def in_declared_order(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with properties in the order in which a prompt declares them: required ones first, each by name.

    The grammar takes properties only in the schema's order, so the one that the model reads must be permitted; the
    schema's own is the one in which a conversation's calls were made, if another model made them."""
    return {key: _ordered_properties(schema, key, value) for key, value in schema.items()}


def _ordered_properties(schema: Mapping[str, Any], key: str, value: Any) -> Any:
    if key in ("enum", "const", "default", "examples"):
        return value
    if key == "properties" and isinstance(value, Mapping):
        required = schema.get("required")
        first = required if isinstance(required, list | tuple) else ()
        value = {name: value[name] for name in sorted(value, key=lambda name: (name not in first, name))}
    if isinstance(value, Mapping):
        return in_declared_order(value)
    if isinstance(value, list | tuple):
        return [in_declared_order(one) if isinstance(one, Mapping) else one for one in value]
    return value


def _with_options(schema: Mapping[str, Any], *, lenient: bool) -> str:
    # a model that writes "\u00e9" must not be bent to some other character
    options = {"whitespace_pattern": WHITESPACE, "lenient": lenient, "json_allow_general_unicode_escapes": True}
    return json.dumps({**schema, "x-guidance": options}, default=dict)


def first_line(message: str) -> str:
    """What a compiler says, without the place in a grammar that only we know."""
    line = message.strip().split("\n", 1)[0]
    return line.split(": ", 1)[-1][:300] if line.startswith("at ") else line[:300]
