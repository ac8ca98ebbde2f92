"""One line of a journal: a JSON object that holds an event, the time of writing and the version of the format."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from kimicode.config.secrets import Redact, unredacted
from kimicode.events import Event
from kimicode.messages import decode, encode

VERSION = 1
# Only a tool's debug values can be strangers to JSON, and no debug value is worth losing a record.
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=str)
_LATEST = 253_402_300_799
"""Unix seconds of the end of the year 9999."""
Check = Callable[[Any], bool]


class RecordError(ValueError):
    """A line that is no record; the text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """An event and when it was written, in Unix seconds (0.0 if the line does not say)."""

    time: float
    event: Event


def to_line(event: Event, now: float, redact: Redact = unredacted) -> bytes:
    """The event as one line of ASCII with its newline. `now` is in Unix seconds, kept to the millisecond."""
    record = {"v": VERSION, "t": round(now, 3), **encode(event)}
    line = _ENCODER.encode(record)
    if redact(line) != line:  # rare; the line as a whole is quicker to look through than its values are
        line = _ENCODER.encode(redacted(json.loads(line), redact))
    return line.encode("ascii") + b"\n"


def redacted(value: Any, redact: Redact) -> Any:
    """A JSON value whose texts went through `redact`."""
    match value:
        case str():
            return redact(value)
        case list():
            return [redacted(item, redact) for item in value]
        case dict():
            return {name: redacted(item, redact) for name, item in value.items()}
    return value


def from_line(line: bytes) -> Record | None:
    """The record of a line; None for a type or a version that only a newer kimicode knows.

    Raises RecordError for everything else that is not an event with all its fields in their types.
    """
    try:
        value = json.loads(line.decode("utf-8"))
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise RecordError("not an object with a type")
        if value.get("v", VERSION) != VERSION:
            return None
        event = decode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise RecordError(str(error)) from error
    if isinstance(event, dict):
        return None
    kind: Any = type(event)
    if not isinstance(event, Event) or not _check(kind)(event):
        raise RecordError(f"not an event, or a field of the wrong type: {value['type']}")
    return Record(_time(value.get("t")), event)


def _time(value: Any) -> float:
    """Unix seconds; 0 for what no calendar has."""
    return float(value) if isinstance(value, int | float) and 0 <= value <= _LATEST else 0.0


def is_object(text: str | bytes) -> bool:
    """Whether this is the whole JSON text of an object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


@cache
def _check(hint: Any) -> Check:
    """A predicate for values of a type: what a type checker promises of our own values, asked of a stranger's."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: True
    if hint is float:
        return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)
    if origin is Literal:
        return lambda value: value in arguments
    if origin in (Union, UnionType):
        options = [_check(option) for option in arguments]
        return lambda value: any(option(value) for option in options)
    if origin is tuple:
        item = _check(arguments[0])
        return lambda value: isinstance(value, tuple) and all(map(item, value))
    if dataclasses.is_dataclass(hint):
        return _check_fields(hint)
    plain = origin or hint
    return lambda value: type(value) is plain


def _check_fields(record: Any) -> Check:
    hints = get_type_hints(record)
    checks = [(field.name, _check(hints[field.name])) for field in dataclasses.fields(record)]
    return lambda value: type(value) is record and all(check(getattr(value, name)) for name, check in checks)
