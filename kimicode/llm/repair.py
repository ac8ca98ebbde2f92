"""Arguments of tool calls as models write them, made JSON text of an object again.

What a model meant is restored (quotes, commas, newlines, literals, double encoding); what it left out is not invented.
All scans are linear, and nesting is bounded, so hostile text costs time in proportion to its length and never a crash.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from kimicode.llm.wire import clean
from kimicode.messages import ToolSpec

DEEPEST = 100
EXCERPT = 60
_FENCE = re.compile(r"\s*```\w*[ \t]*\n?(.*?)\n?```\s*\Z", re.DOTALL)
_LEFTOVER = re.compile(r"(?:[\s}\])`;]++|<\|[a-z_]{1,40}\|>|</\w{1,20}>)*+\Z")
_ESCAPE = re.compile(
    r"(?P<valid>(?:\\[\"\\/bfnrt]|\\u[0-9a-fA-F]{4})++)|\\x[0-9a-fA-F]{2}|\\.|[\x00-\x1f\"]|\\\Z", re.DOTALL
)
_TOKEN = re.compile(
    r"""(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))"""
    r"""|(?P<single>'[^'\\]*+(?:\\.[^'\\]*+)*+(?:'|\\?\Z))"""
    r"""|(?P<comma>,(?=\s*+[}\]]))"""
    r"""|(?P<word>[A-Za-z_]\w*+)""",
    re.DOTALL,
)
_WORDS = {"True": "true", "False": "false", "None": "null", "NaN": "null", "Infinity": "null", "undefined": "null"}


@dataclass(frozen=True, slots=True)
class Repaired:
    """`arguments` is always the JSON text of an object; `problem` says what was hopeless, or is empty."""

    arguments: str
    problem: str = ""
    changed: bool = False


def repair_arguments(text: str) -> Repaired:
    """Keep well-formed arguments to the letter, repair what can be repaired, and name what cannot."""
    if not text.strip():
        return Repaired("{}")
    try:
        value = loads(text)
        for _ in range(3):
            if not isinstance(value, str):
                break
            value = loads(value)
        if not isinstance(value, dict):
            return Repaired("{}", f"it is {_KINDS.get(type(value), 'a number')}, not an object", True)
        if _is_strict(text):
            return Repaired(text)
        return Repaired(clean(json.dumps(value, ensure_ascii=False)), changed=True)
    except RecursionError:
        return Repaired("{}", f"it is nested more than {DEEPEST} levels deep", True)
    except ValueError as error:
        return Repaired("{}", str(error), True)


_KINDS = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


def is_complete(text: str) -> bool:
    """Whether `text` is strict JSON as it stands."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def loads(text: str) -> Any:
    """Read JSON as models write it. Raises ValueError with a reason, or RecursionError for absurd nesting."""
    fence = _FENCE.match(text)
    body = (fence.group(1) if fence else text).strip()
    first: ValueError | None = None
    for spelling in (str, normalise):
        try:
            return _decode(spelling(body))
        except ValueError as error:
            first = first or error
    raise ValueError(_reason(first, body)) from first


def normalise(text: str) -> str:
    """JSON with single quotes, raw newlines, Python's literals or trailing commas, as strict JSON; one linear pass."""
    return _TOKEN.sub(_strict_token, text) if text[:1] in ("{", "[", '"', "'") else text


def decode_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at `start`, and where it ends. Raises ValueError or RecursionError."""
    value, end = _DECODER.raw_decode(text, start)
    if _too_deep(value):
        raise RecursionError
    return value, end


def shape_of(spec: ToolSpec) -> str:
    """A tool's arguments as a short pattern for the model: {"path": string, "line": integer (optional)}."""
    required = spec.parameters.get("required", [])
    properties = spec.parameters.get("properties", {})
    fields = (
        f'"{name}": {schema.get("type", "value") if isinstance(schema, dict) else "value"}'
        + ("" if name in required else " (optional)")
        for name, schema in properties.items()
    )
    return "{" + ", ".join(fields) + "}"


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None, parse_float=_finite)


def _decode(text: str) -> Any:
    """One value, perhaps written twice (a chunk delivered again) or followed by closing brackets and markers."""
    value, end = decode_at(text, 0)
    rest = text[end:].strip()
    if rest and not (isinstance(value, (dict, list)) and _LEFTOVER.match(rest.replace(text[:end], ""))):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def _is_strict(text: str) -> bool:
    try:
        plain = json.loads(text, parse_constant=_refuse, parse_float=_strictly_finite)
    except ValueError:
        return False
    return isinstance(plain, dict) and "\\ud" not in text.lower() and clean(text) == text


def _strictly_finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _too_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(DEEPEST):
        layer = [
            child
            for item in layer
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
        if not layer:
            return False
    return True


def _strict_token(match: re.Match[str]) -> str:
    token = match.group()
    if match.lastgroup == "comma":
        return ""
    if match.lastgroup == "word":
        return _WORDS.get(token, token)
    quote = token[0]
    if len(token) < 2 or token[-1] != quote:
        return token  # never closed: cut off, and left to fail
    return '"' + _ESCAPE.sub(_strict_escape, token[1:-1]) + '"'


def _strict_escape(match: re.Match[str]) -> str:
    found = match.group()
    if match.lastgroup == "valid":
        return found
    if found.startswith("\\x") and len(found) == 4:
        return "\\u00" + found[2:]
    if found[0] != "\\":
        return json.dumps(found)[1:-1]
    if found == "\\'":
        return "'"
    return "\\\\" + (json.dumps(found[1:])[1:-1] if found[1:] != "\n" else "\\n")


def _reason(error: ValueError | None, text: str) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return "it is not JSON"
    near = text[max(0, error.pos - EXCERPT // 2) : error.pos + EXCERPT // 2]
    return f"{error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')} at character {error.pos}, near {near!r}"
