"""Which word at the cursor can be completed, by what, and what then stands in its place."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["file", "command", "path"]

_MENTION = re.compile(r'(?:^|(?<=[\s(\[{,;:\'"`]))@(?:"(?P<quoted>[^"]*)|(?P<plain>[^\s"@]*))$')
_COMMAND = re.compile(r"/(?P<name>[\w:.-]*)$")
_WORD = re.compile(r"(?:\\.|[^\s\\'\"|&;<>()$`])*$")
_SHELL_SPECIAL = re.compile(r"([\s\\'\"|&;<>()$`*?\[\]#~!{}])")
_MOST_ENTRIES = 2000


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the cursor's line that can be completed: what it is, what was typed of it, and where it starts."""

    kind: Kind
    query: str
    start: int


def word_at(before: str, row: int, *, shell: bool) -> Word | None:
    """The word that ends at the cursor. `before` is the line up to there, `row` its number from 0.

    `shell`: the text is a command for the shell, which is completed with paths, by `@` too.
    """
    if found := _MENTION.search(before):
        return Word("file", found["quoted"] if found["quoted"] is not None else found["plain"], found.start())
    if row == 0 and (found := _COMMAND.fullmatch(before)):
        return Word("command", found["name"], 0)
    if shell and (found := _WORD.search(before)):
        start = max(found.start(), 1 if row == 0 else 0)  # behind the "!"
        return Word("path", before[start:], start)
    return None


def inserted(kind: Kind, name: str) -> str:
    """What stands in the word's place once a proposal is taken. What can go on, a folder, gets no blank after it."""
    if kind == "command":
        return f"/{name} "
    if kind == "path":
        return _SHELL_SPECIAL.sub(r"\\\1", name) + ("" if name.endswith("/") else " ")
    if not re.search(r"[\s\"]", name):
        return f"@{name}" + ("" if name.endswith("/") else " ")
    return f'@"{name}' if name.endswith("/") else f'@"{name}" '


def paths(typed: str, folder: Path, limit: int) -> list[str]:
    """Names in the file system that go on from what was typed of a path, relative ones seen from `folder`."""
    typed = re.sub(r"\\(.)", r"\1", typed)
    start = typed.rpartition("/")[2]
    before = typed[: len(typed) - len(start)]
    try:
        with os.scandir(folder / Path(before).expanduser()) as entries:
            found = [
                f"{before}{entry.name}/" if entry.is_dir() else f"{before}{entry.name}"
                for entry, _ in zip(entries, range(_MOST_ENTRIES), strict=False)
                if entry.name.startswith(start) and entry.name.isprintable()
                if start or not entry.name.startswith(".")
            ]
    except (OSError, RuntimeError, ValueError):
        return []
    return sorted(found)[:limit]
