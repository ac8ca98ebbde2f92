"""One file of the work tree to what the index keeps of it: opened without following links, hashed, parsed if new."""

import hashlib
import os
import stat
import time
from collections.abc import Callable

from kimicode.index.facts import Outcome
from kimicode.index.languages import language_of
from kimicode.index.symbols import facts_of
from kimicode.workspace.encoding import detect

LARGEST = 2_000_000
"""Bytes; what is larger was not written by people."""

_FRESH_NS = 50_000_000
"""A file written this recently may change again with the same time stamp: the next refresh looks once more."""


def look_at(root: str, path: str, knows: Callable[[bytes], bool]) -> Outcome:
    """What the file says now. `knows` tells of a digest whether its content was parsed before; then there are no facts.

    Folders, links, devices and files that vanished come back as gone, and so does what lies behind a link; nothing
    raises.
    """
    whole = os.path.join(root, path)
    folder = os.path.dirname(whole)
    try:
        if os.path.realpath(folder) != folder:
            return Outcome(path, gone=True)
        descriptor = os.open(whole, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        return Outcome(path, *_stamp(root, path), skipped="unreadable")
    except (OSError, ValueError):
        return Outcome(path, gone=True)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return Outcome(path, gone=True)
    with os.fdopen(descriptor, "rb") as file:
        stamp = (0 if time.time_ns() - status.st_mtime_ns < _FRESH_NS else status.st_mtime_ns, status.st_size)
        if status.st_size > LARGEST:
            return Outcome(path, *stamp, skipped="large")
        try:
            data = file.read(LARGEST + 1)
        except OSError:
            return Outcome(path, *stamp, skipped="unreadable")
    text = text_of(data)
    if text is None:
        return Outcome(path, *stamp, skipped="binary")
    language = language_of(path, text)
    digest = hashlib.blake2b(language.encode() + b"\0" + data, digest_size=16).digest()
    return Outcome(path, *stamp, digest, facts=None if knows(digest) else facts_of(text, language))


def text_of(data: bytes) -> bytes | None:
    """The bytes as the parsers take them, or None for a binary file."""
    found = detect(data)
    if found is None:
        return None
    if found.codec.startswith("utf-16"):
        return found.decode(data).encode("utf-8", "replace")
    return data[len(found.bom) :]


def _stamp(root: str, path: str) -> tuple[int, int]:
    try:
        status = os.lstat(os.path.join(root, path))
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
