"""Finds what people wrote for agents: AGENTS.md from here to the top of the repository, and the user's own.

At most 32 KiB enter the prompt. The nearest are read first, so a long file at the top cannot push them out.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kimicode import paths
from kimicode.config.obeyed import INSTRUCTIONS, search_path
from kimicode.config.trust import Trust

LIMIT_BYTES = 32 * 1024


class Instructions(NamedTuple):
    path: Path
    text: str


def instructions(cwd: Path, trust: Trust, *, user_dir: Path | None = None) -> list[Instructions]:
    """The instruction files for work in `cwd`, outermost first: the user's own, and those of the project that count.

    `user_dir` is the folder of the user's own AGENTS.md (default: the configuration folder). What cannot be read is
    passed over; a file that leads out of the project through a link is, too, for a clone could name any file.
    """
    home = paths.config_dir() if user_dir is None else user_dir
    found: list[Instructions] = []
    seen: set[str] = set()
    room = LIMIT_BYTES
    places: list[tuple[Path, Read]] = [*((folder, trust.read) for folder in search_path(cwd)), (home, _own)]
    for folder, read in places:
        for path in (folder / name for name in INSTRUCTIONS):
            real = os.path.realpath(path)
            data = (b"" if real in seen else read(path)) or b""
            if not data.strip():
                continue
            seen.add(real)
            found.append(Instructions(path, _text(path, data, room)))
            room = max(0, room - len(data))
            break
    return found[::-1]


Read = Callable[[Path], bytes | None]


def _own(path: Path) -> bytes | None:
    """Of the user's folder, where a link may lead anywhere."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def _text(path: Path, data: bytes, room: int) -> str:
    if len(data) <= room:
        return data.decode("utf-8-sig", "replace").strip()
    kept = data[:room].decode("utf-8", "replace").rstrip("\ufffd")
    return f"{kept.strip()}\n[cut: {room} bytes of {path} fit in here; read the file for the rest]".lstrip()
