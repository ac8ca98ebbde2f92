"""Finds what people wrote for agents: AGENTS.md from here to the top of the repository, and the user's own.

At most 32 KiB enter the prompt. The nearest are read first, so a long file at the top cannot push them out.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kimicode import paths

LIMIT_BYTES = 32 * 1024
NAMES = ("AGENTS.override.md", "AGENTS.md", "CLAUDE.md")
"""In each folder the first of these that exists and says something counts."""


class Instructions(NamedTuple):
    path: Path
    text: str


def instructions(cwd: Path, root: Path, *, user_dir: Path | None = None) -> list[Instructions]:
    """The instruction files for work in `cwd`, outermost first; `root` is the repository's, or `cwd` itself.

    `user_dir` is the folder of the user's own AGENTS.md (default: the configuration folder). What cannot be read is
    passed over; a file that leads out of `root` through a link is, too, for a cloned repository could name any file.
    """
    home = paths.config_dir() if user_dir is None else user_dir
    found: list[Instructions] = []
    seen: set[str] = set()
    room = LIMIT_BYTES
    places = [*((folder, root) for folder in _folders(cwd, root)), (home, None)]
    for folder, wall in places:
        for path in _candidates(folder, wall):
            real = os.path.realpath(path)
            data = b"" if real in seen else _read(path, room + 1)
            if not data.strip():
                continue
            seen.add(real)
            found.append(Instructions(path, _text(path, data, room)))
            room = max(0, room - len(data))
            break
    return found[::-1]


def _folders(cwd: Path, root: Path) -> tuple[Path, ...]:
    """From `cwd` up to `root`; `cwd` alone where it does not lie in `root`."""
    start, top = cwd.resolve(), root.resolve()
    folders = (start, *start.parents)
    return folders[: folders.index(top) + 1] if top in folders else (start,)


def _candidates(folder: Path, wall: Path | None) -> Iterator[Path]:
    for name in NAMES:
        path = folder / name
        inside = wall is None or Path(os.path.realpath(path)).is_relative_to(wall.resolve())
        if inside and os.path.isfile(path):
            yield path


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError:
        return b""


def _text(path: Path, data: bytes, room: int) -> str:
    if len(data) <= room:
        return data.decode("utf-8-sig", "replace").strip()
    kept = data[:room].decode("utf-8", "replace").rstrip("\ufffd")
    return f"{kept.strip()}\n[cut: {room} bytes of {path} fit in here; read the file for the rest]".lstrip()
