"""What the agent and the supervisor inside the sandbox say to each other, over one Unix socket. Standard library only.

Requests are JSON: they come from the agent. Answers are numbers of a fixed size: once a command ran, nobody vouches for
who sends them, so there is no length to bound and no text to parse.
"""

import enum
import json
import os
import struct
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

MOST_REQUEST = 16 * 1024 * 1024
HEADER = struct.Struct("!I")
ANSWER = struct.Struct("!BIi")


class Kind(enum.IntEnum):
    """What an answer tells; in parentheses what its value is."""

    READY = 1
    """The confinement is in force, commands may come (process id of the supervisor as it sees itself)."""
    BORN = 2
    """Sent by the command's own process before it becomes the program; the kernel tells who that is."""
    STARTED = 3
    """The program runs (its process id inside)."""
    NO_FOLDER = 4
    """Its folder cannot be entered (errno)."""
    NO_PROGRAM = 5
    """It could not be started (errno)."""
    EXITED = 6
    """It is over (exit code, or minus the number of the signal that ended it)."""
    CROWDED = 7
    """There were too many processes, all are being ended (how many there were)."""
    HEAVY = 8
    """They took too much memory, all are being ended (how many MB)."""


class Answer(NamedTuple):
    """`command` is the number that the request gave it, 0 where it is about no command."""

    kind: Kind
    command: int
    value: int


class Request(NamedTuple):
    """One command. The descriptor that its output goes to comes with the first byte of the request."""

    number: int
    argv: list[str]
    cwd: str
    variables: dict[str, str]


def frame(message: Mapping[str, Any]) -> bytes:
    """A message with its length before it. Raises OSError where it is too long to be sent."""
    data = json.dumps(message).encode("ascii")
    if len(data) > MOST_REQUEST:
        raise OSError(f"{len(data):,} bytes are too long for a command")
    return HEADER.pack(len(data)) + data


def pack(request: Request) -> bytes:
    """The frame of a request. Raises ValueError for text that no program can be given."""
    return frame(
        {
            "number": request.number,
            "argv": [_packed(word) for word in request.argv],
            "cwd": _packed(request.cwd),
            "variables": {_packed(name): _packed(value) for name, value in request.variables.items()},
        }
    )


def unpack(message: Mapping[str, Any]) -> Request:
    """The request of a frame's message."""
    return Request(
        int(message["number"]),
        [_unpacked(word) for word in message["argv"]],
        _unpacked(message["cwd"]),
        {_unpacked(name): _unpacked(value) for name, value in message["variables"].items()},
    )


def answers(buffer: bytearray) -> Iterable[Answer]:
    """Take the complete answers out of the buffer. Raises ValueError for what is none."""
    while len(buffer) >= ANSWER.size:
        kind, command, value = ANSWER.unpack_from(buffer)
        del buffer[: ANSWER.size]
        yield Answer(Kind(kind), command, value)


def _packed(text: str) -> str:
    """The bytes that the system would be given, one character each: the other side need not decode as this one does."""
    if "\0" in text:
        raise ValueError("embedded null byte")
    return os.fsencode(text).decode("latin-1")


def _unpacked(text: str) -> str:
    return os.fsdecode(text.encode("latin-1"))
