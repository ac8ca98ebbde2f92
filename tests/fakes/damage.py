"""Bytes as no writer of ours would leave them: damaged, torn, or written by somebody to do harm."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

DEPTH = 100_000
NESTED = (b"[" * DEPTH, b'{"a":' * DEPTH, b"a = " + b"[" * DEPTH, b"[" * DEPTH + b"]" * DEPTH, b'[{"a": [' * DEPTH)
DIGITS = (b"9" * 10_000, b"a = " + b"9" * 10_000, b'{"a": ' + b"9" * 10_000 + b"}", b"1e999999", b"-" + b"1" * 5_000)
HOSTILE_TEXTS = ("", "\0", "/\0", "\ud800", "../../x", "/", "~", "\x1b]0;x\x07", "\u202e", "x" * 5_000, "NaN")
HOSTILE_TOML = (
    *(b"", b"true", b"-1", b"1.5", b"nan", b"inf", b"[]", b"{}", b"[[[]]]", b"1979-05-27", b"07:32:00", b'""', b"'''"),
    *(b'"\\u0000"', b'"/\\u0000"', b'["\\u0000"]', b'[""]', b'{"" = 1}', b'"\\u202e"', b"9" * 5_000, b"[" * DEPTH),
)
HOSTILE_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**80,
    1.5,
    1e308,
    float("inf"),
    [],
    {},
    [[[]]],
    {"": None},
    *HOSTILE_TEXTS,
)


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """`good` with a piece cut out, or replaced by other bytes."""
    start, end = sorted((draw(st.integers(0, len(good))), draw(st.integers(0, len(good)))))
    return good[:start] + draw(st.binary(max_size=100)) + good[end:]


def out_of_place(good: bytes) -> list[bytes]:
    """Each value of JSON lines, or of TOML, in turn replaced by what does not belong there; what no parser likes."""
    lines = good.splitlines()
    found = [*NESTED, *DIGITS, b"", b"\n", b"\0", b"\xff\xfe", b"{}\n" * 3, b"[]\n" * 3, b"null\n" * 3]
    for number, line in enumerate(lines):
        for other in _other_json(line) or _other_toml(line):
            found.append(b"\n".join([*lines[:number], other, *lines[number + 1 :]]) + b"\n")
    return found


def _other_json(line: bytes) -> list[bytes]:
    try:
        value = json.loads(line)
    except ValueError:
        return []
    return [json.dumps(changed).encode() for changed in replaced(value)]


def _other_toml(line: bytes) -> list[bytes]:
    name, equals, _ = line.partition(b" = ")
    return [name + equals + value for value in HOSTILE_TOML] if equals else [b"[[[", b"[a]\n[a]", b"\r"]


def replaced(value: Any) -> Iterator[Any]:
    yield from HOSTILE_VALUES
    if isinstance(value, dict):
        for key, each in value.items():
            yield {other: part for other, part in value.items() if other != key}
            yield from ({**value, key: changed} for changed in replaced(each))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from ([*value[:place], changed, *value[place + 1 :]] for changed in replaced(each))
