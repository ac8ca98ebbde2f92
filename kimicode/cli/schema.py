"""The JSON Schema of stream-json, made from the event classes: `python -m kimicode.cli.schema` prints it."""

import dataclasses
import json
import types
import typing
from typing import Any

from kimicode import events

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema() -> dict[str, Any]:
    """A schema that every line of stream-json fulfils; unknown fields are allowed, for lines of later versions."""
    records = [cls for cls in vars(events).values() if _is_event(cls)]
    definitions: dict[str, Any] = {}
    lines = [_reference(cls, definitions) for cls in records]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of kimicode run --output stream-json",
        "oneOf": lines,
        "$defs": dict(sorted(definitions.items())),
    }


def _is_event(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, events.Event) and cls is not events.Event


def _reference(cls: Any, definitions: dict[str, Any]) -> dict[str, str]:
    if cls.type not in definitions:
        definitions[cls.type] = {}
        hints = typing.get_type_hints(cls)
        properties = {f.name: _of(hints[f.name], definitions) for f in dataclasses.fields(cls)}
        definitions[cls.type] = {
            "type": "object",
            "required": ["type", *properties],
            "properties": {"type": {"const": cls.type}, **properties},
        }
    return {"$ref": f"#/$defs/{cls.type}"}


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_of(argument, definitions) for argument in arguments]}
    if dataclasses.is_dataclass(hint):
        return _reference(hint, definitions)
    return {"type": "object"}


if __name__ == "__main__":
    import sys

    sys.stdout.write(json.dumps(schema(), indent=1) + "\n")
