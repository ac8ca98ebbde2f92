"""GitHub's OpenAPI description as a judge: what a request or an answer does that it does not allow.

Stricter than the description in one thing: a request may hold no key that the description does not name, as GitHub
itself refuses such keys ("is not a permitted key").
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.fakes.forge.sockets import Answer, Request

_DESCRIPTION = Path(__file__).parent / "openapi" / "github.json"
_NEARLY_ALWAYS = {401, 403, 404, 429, 500, 502, 503, 504}
"""Answers that hold for every operation, though the description does not repeat them everywhere."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: its template, the parameters that the path holds, and what the description says."""

    template: str
    path: Mapping[str, str]
    said: Mapping[str, Any]


def find(method: str, path: str) -> Operation | None:
    """The operation that a path belongs to; the template with the most fixed words wins."""
    for template, pattern in _patterns():
        match = pattern.fullmatch(path)
        if match and method.lower() in _description()["paths"][template]:
            return Operation(template, match.groupdict(), _description()["paths"][template][method.lower()])
    return None


def wrong_request(operation: Operation, request: Request) -> list[str]:
    """What is wrong with a request: unknown or ill-formed query, missing body, body that the schema refuses."""
    where = f"{request.method} {request.path}"
    described = {_resolved(one)["name"]: _resolved(one) for one in operation.said.get("parameters", ())}
    faults = []
    for name, text in request.query.items():
        known = described.get(name)
        if known is None or known["in"] != "query":
            faults.append(f"{where}: unknown query parameter {name}")
        else:
            faults += _faults(known["schema"], _parsed(text, known["schema"]), f"{where}?{name}")
    body = operation.said.get("requestBody")
    if body is None:
        return faults + ([f"{where}: takes no body"] if request.body.strip() else [])
    if not request.body:
        return faults + ([f"{where}: the body is missing"] if body.get("required") else [])
    schema = _strict(body["content"]["application/json"]["schema"])
    try:
        return faults + _faults(schema, request.json(), where)
    except ValueError as error:
        return [*faults, f"{where}: not JSON: {error}"]


def wrong_answer(operation: Operation, request: Request, answer: Answer) -> list[str]:
    """What is wrong with an answer of the fake itself."""
    where = f"answer {answer.status} to {request.method} {request.path}"
    responses = operation.said["responses"]
    if str(answer.status) not in responses:
        return [] if answer.status in _NEARLY_ALWAYS else [f"{where}: GitHub does not answer so here"]
    content = _resolved(responses[str(answer.status)]).get("content", {})
    if "application/json" not in content or isinstance(answer.body, str | bytes):
        return []
    return _faults(content["application/json"]["schema"], answer.body, where)


@cache
def _description() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(_DESCRIPTION.read_text("utf-8"))
    return said


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The most specific first. The last parameter of some paths may hold slashes."""
    templates = sorted(_description()["paths"], key=lambda path: (path.count("{"), -len(path)))
    return tuple((template, re.compile(_pattern(template))) for template in templates)


def _pattern(template: str) -> str:
    pieces = re.split(r"\{(\w+)\}", template)
    names = [f"(?P<{name}>{'.+' if name in ('ref', 'basehead', 'path') else '[^/]+'})" for name in pieces[1::2]]
    return "".join(re.escape(fixed) + name for fixed, name in zip(pieces[::2], [*names, ""], strict=True))


@cache
def _registry() -> Registry[Any]:
    resource = DRAFT202012.create_resource(_description())
    registry: Registry[Any] = Registry().with_resource("urn:github", resource)
    return registry


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A node, or the one that it refers to."""
    if "$ref" not in node:
        return node
    _, _, kind, name = node["$ref"].split("/")
    found: Mapping[str, Any] = _description()["components"][kind][name]
    return found


def _faults(schema: Mapping[str, Any], value: Any, where: str) -> list[str]:
    found = _judge(json.dumps(schema)).iter_errors(value)
    return [f"{where}: {'/'.join(map(str, error.absolute_path))}: {error.message[-300:]}" for error in found]


@cache
def _judge(schema: str) -> Draft202012Validator:
    absolute = json.loads(schema.replace('"#/components', '"urn:github#/components'))
    return Draft202012Validator(absolute, registry=_registry())


def _strict(node: Any) -> Any:
    """A schema of a request in which no object may hold other keys than its properties."""
    if isinstance(node, list):
        return [_strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _strict(value) for key, value in node.items()}
    alternatives = any(key in node for key in ("oneOf", "anyOf", "allOf"))
    if node.get("type") == "object" and isinstance(node.get("properties"), dict) and not alternatives:
        closed.setdefault("additionalProperties", False)
    return closed


def _parsed(text: str, schema: Mapping[str, Any]) -> Any:
    """A query parameter's text as the type that its schema asks for, or as it is."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def operations() -> Iterator[tuple[str, str]]:
    """Every (method, template) of the excerpt."""
    for template, methods in _description()["paths"].items():
        yield from ((method.upper(), template) for method in methods if method != "parameters")
