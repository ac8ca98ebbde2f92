"""Getting at a file's bytes without hanging on a FIFO, drowning in a huge file, or leaving the model guessing."""

import difflib
import os
import stat
from itertools import islice
from pathlib import Path

from kimicode.errors import ToolError
from kimicode.workspace import beneath
from kimicode.workspace.encoding import showable

LIMIT = 10_000_000
"""Bytes of the largest file that the file tools take."""

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a link",
}


def load(path: Path, name: str) -> bytes:
    """The bytes of a regular file, called `name` in messages. Raises ToolError for all else, without blocking."""
    return load_real(Path(os.path.realpath(path)), name)


def load_real(path: Path, name: str) -> bytes:
    """The same for a real path: where a link has come to stand on the way, it is not followed. Raises ToolError."""
    try:
        with beneath.folder(path.parent) as folder:
            # before opening, which can have effects on a device
            entry = path.name or "."
            _insist_on_file(os.stat(entry, dir_fd=folder, follow_symlinks=False), name)
            descriptor = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with open(descriptor, "rb") as stream:
            _insist_on_file(os.fstat(descriptor), name)
            data = stream.read(LIMIT + 1) or b""  # None: a file of the kernel that would block
    except FileNotFoundError:
        raise ToolError(f"no such file: {name}", hint=_did_you_mean(path)) from None
    except OSError as error:
        raise ToolError(f"cannot read {name}: {error.strerror or error}") from error
    if len(data) > LIMIT:
        raise _too_large(name)
    return data


def _insist_on_file(status: os.stat_result, name: str) -> None:
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is not None:
        raise ToolError(f"{name} is {kind}, not a regular file")
    if status.st_size > LIMIT:
        raise _too_large(name)


def _too_large(name: str) -> ToolError:
    return ToolError(
        f"{name} is larger than {LIMIT // 1_000_000} MB, too large for the file tools",
        hint="Use bash: head, tail, sed -n '1,200p', grep -n.",
    )


def _did_you_mean(path: Path) -> str:
    """Names like the missing one in the nearest folder that exists."""
    missing = path
    while not os.path.isdir(missing.parent) and missing.parent != missing:
        missing = missing.parent
    try:
        with os.scandir(missing.parent) as entries:
            names = [showable(entry.name) for entry in islice(entries, 2000)]
    except OSError:
        return ""
    close = difflib.get_close_matches(missing.name, names, n=3, cutoff=0.6)
    if missing != path and missing.name not in close:
        close_text = f" It has {', '.join(close)}." if close else ""
        return showable(f"{missing.parent} has no folder {missing.name}.{close_text}")
    return (
        f"Did you mean {' or '.join(close)}?" if close else showable(f"{missing.parent} has no similar name; view it.")
    )
