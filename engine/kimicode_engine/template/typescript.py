"""Declares tools as the TypeScript-like text that K2.5 and K2.6 were trained on.

The dialect is the checkpoint's own (its tool_declaration_ts.py): what that cannot express, a schema with `oneOf` or
`const` alone for one, turns the whole declaration into compact JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kimicode_engine.errors import RequestError
from kimicode_engine.template.messages import ToolSpec

DEEPEST = 100
"""Levels that a schema may be nested."""

_INDENT = "  "
_UNION = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
    "object": "{}",
    "array": "Array<any>",
}
_CONSTRAINTS = {
    "string": ("maxLength", "minLength", "pattern"),
    "number": ("maximum", "minimum"),
    "integer": ("maximum", "minimum"),
    "array": ("maxItems", "minItems"),
}
_VALUES: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,)}


class _InexpressibleError(Exception):
    """The dialect has no words for a schema."""


def declare(tools: Sequence[ToolSpec]) -> str:
    """The text between `tool_declare` and the end of its turn. Raises RequestError: a schema nested too deeply."""
    functions = [_sorted(_function(tool)) for tool in tools]
    try:
        declarations = "\n".join(_Declaration().function(function) for function in functions)
    except _InexpressibleError:
        wrapped = [{"function": function, "type": "function"} for function in functions]
        return json.dumps(wrapped, ensure_ascii=False, separators=(",", ":"))
    return f"# Tools\n\n## functions\nnamespace functions {{\n{declarations}\n}}\n"


def _function(tool: ToolSpec) -> dict[str, Any]:
    fields = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {key: value for key, value in fields.items() if value}


def _sorted(value: Any, depth: int = 0) -> Any:
    """The same JSON with the keys of every object in order."""
    if depth > DEEPEST:
        raise RequestError(f"a tool's schema is nested more than {DEEPEST} levels deep", param="tools")
    if isinstance(value, Mapping):
        return {key: _sorted(value[key], depth + 1) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(item, depth + 1) for item in value]
    return value


class _Declaration:
    """One function. Collects the `$defs` that its schema brings along."""

    def __init__(self) -> None:
        self._definitions: dict[str, Any] = {}
        self._refers_to_itself = False

    def function(self, function: Mapping[str, Any]) -> str:
        """Interfaces, description and type of the function, a line each or more."""
        fields, rest = self._fields(function.get("parameters", {}), "")
        text = _braces([*_required_first(fields), *rest], "")
        lines = []
        if self._refers_to_itself:
            lines.append(f"interface parameters {_braces([line for _, line in fields.values()], '')}")
            text = "parameters"
        for name, schema in list(self._definitions.items()):
            lines.append(f"{_described(schema, '')}interface {name} {self._type(schema, '')}")
        lines.append(f"{_described(function, '')}type {function.get('name', 'function')} = (_: {text}) => any;")
        return "\n".join(lines)

    def _type(self, schema: Any, indent: str) -> str:
        if isinstance(schema, bool):
            return "any" if schema else "null"
        match schema:
            case {"$ref": reference}:
                return self._reference(reference)
            case {"anyOf": list(choices)}:
                return " | ".join(self._type(choice, indent) for choice in choices)
            case {"enum": list(values)}:
                return _enum(values, schema.get("type"))
            case {"type": list(kinds)}:
                return " | ".join(_word(kind) for kind in kinds)
            case {"type": "object"}:
                fields, rest = self._fields(schema, indent)
                return _braces([*_required_first(fields), *rest], indent)
            case {"type": "array"}:
                return self._array(schema.get("items"), indent)
            case {"type": str(kind)}:
                return "number" if kind == "integer" else kind
            case {**anything} if not anything:
                return "any"
        raise _InexpressibleError

    def _reference(self, reference: Any) -> str:
        if reference == "#":
            self._refers_to_itself = True
            return "parameters"
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            name = reference.rpartition("/")[2]
            if name in self._definitions:
                return name
        raise _InexpressibleError

    def _array(self, items: Any, indent: str) -> str:
        if not items:
            return "Array<any>"
        inner = indent + _INDENT
        comments = _comments(items, inner)
        if not comments:
            return f"Array<{self._type(items, indent)}>"
        return f"Array<\n{comments}{inner}{self._type(items, inner)}\n{indent}>"

    def _fields(self, schema: Any, indent: str) -> tuple[dict[str, tuple[bool, str]], list[str]]:
        """An object's properties, name to (required, declaration), and the line for those that are not named."""
        definitions = schema.get("$defs") or {}
        if not isinstance(definitions, Mapping) or not all(isinstance(one, Mapping) for one in definitions.values()):
            raise _InexpressibleError
        self._definitions.update(definitions)
        inner = indent + _INDENT
        rest = [f"{inner}[k: string]: {kind}" for kind in self._others(schema.get("additionalProperties"), inner)]
        properties = schema.get("properties", {})
        required = schema.get("required", []) if "properties" in schema else []
        if not isinstance(properties, Mapping) or not isinstance(required, list):
            raise _InexpressibleError
        fields = {}
        for name, value in properties.items():
            mark = "" if name in required else "?"
            line = f"{_comments(value, inner)}{_default(value, inner)}{inner}{name}{mark}: {self._type(value, inner)}"
            fields[name] = (name in required, line)
        return fields, rest

    def _others(self, schema: Any, indent: str) -> Iterator[str]:
        if isinstance(schema, bool):
            yield "any" if schema else "never"
        elif schema is not None:
            yield self._type(schema, indent)


def _required_first(fields: Mapping[str, tuple[bool, str]]) -> list[str]:
    return [fields[name][1] for name in sorted(fields, key=lambda name: (not fields[name][0], name))]


def _braces(lines: Sequence[str], indent: str) -> str:
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}" if lines else "{}"


def _comments(schema: Any, indent: str) -> str:
    """Description and limits of a value, as comment lines; nothing for `true` and `false`."""
    if not isinstance(schema, Mapping):
        return ""
    comments = _described(schema, indent)
    kind = schema.get("type")
    plain = not schema.keys() & {"$ref", "anyOf", "enum"}
    names = _CONSTRAINTS.get(kind, ()) if isinstance(kind, str) and plain else ()
    limits = [f"{name}: {schema[name]}" for name in names if name in schema]
    return f"{comments}{indent}// {', '.join(limits)}\n" if limits else comments


def _described(schema: Mapping[str, Any], indent: str) -> str:
    description = schema.get("description")
    if not description:
        return ""
    if not isinstance(description, str):
        raise _InexpressibleError
    return "".join(f"{indent}// {line}\n" if line else "\n" for line in description.split("\n"))


def _default(schema: Any, indent: str) -> str:
    value = schema.get("default") if isinstance(schema, Mapping) else None
    if value is None:
        return ""
    text = repr(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)
    return f"{indent}// Default: {text}\n"


def _word(kind: Any) -> str:
    if isinstance(kind, str) and kind in _UNION:
        return _UNION[kind]
    raise _InexpressibleError


def _enum(values: Sequence[Any], kind: Any) -> str:
    """The values, in Python's words for true, false and null as the checkpoint's own code writes them."""
    if isinstance(kind, list):
        kinds = kind if len(kind) == 1 else [one for one in kind if one != "null"]
        if len(kind) > 2 or len(kinds) != 1:
            raise _InexpressibleError
        kind = kinds[0]
    allowed = _VALUES.get(kind) if isinstance(kind, str) else None
    if allowed and not all(value is None or isinstance(value, allowed) for value in values):
        raise _InexpressibleError
    return " | ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in values)
