"""Values between the index's processes: plain tuples, lists, text and bytes, each behind its length."""

import marshal
from typing import IO, Any

_LENGTH = 4
"""Bytes, most significant first."""


def send(value: Any, stream: IO[bytes]) -> None:
    """Write one value and flush it. Raises OSError."""
    data = marshal.dumps(value)
    stream.write(len(data).to_bytes(_LENGTH, "big") + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """The next value. Raises EOFError at the end, in the middle of a value too; OSError, ValueError, TypeError.

    `marshal.load` would read the pipe in pieces of a few bytes, which costs more than all the rest.
    """
    size = int.from_bytes(stream.read(_LENGTH), "big")
    data = stream.read(size)
    if not data or len(data) < size:
        raise EOFError
    return marshal.loads(data)
