"""The bugs that come with kimi-nano: small projects, right and broken, that it was not shown in its training."""

import difflib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.errors import DiskError, UsageError

PROMPT = "The tests fail. Find the bug and fix it."
_WORDS = ("id", "title", "module", "source", "tests", "old", "new", "kind", "why")


@dataclass(frozen=True, slots=True)
class DemoBug:
    """A module with tests, and the lines that break it. Files lie side by side: `{module}.py`, `test_{module}.py`."""

    id: str
    title: str
    module: str
    source: str
    """As it should be."""
    tests: str
    broken: str
    """The module with the bug."""
    kind: str
    why: str
    prompt: str = PROMPT

    @property
    def path(self) -> str:
        return f"{self.module}.py"

    @property
    def test_path(self) -> str:
        return f"test_{self.module}.py"

    @property
    def remedy(self) -> tuple[str, ...]:
        """What the right fix changes: lines with `-` or `+` before them."""
        lines = difflib.unified_diff(self.broken.split("\n"), self.source.split("\n"), n=0, lineterm="")
        return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))


def load(path: Path) -> tuple[DemoBug, ...]:
    """The bugs of a JSON file. Raises DiskError, and UsageError for a file that is not of their kind."""
    try:
        entries = json.loads(path.read_bytes())
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}") from None
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{path} holds no list of bugs")
    return tuple(_bug(entry, f"bug {number} of {path}") for number, entry in enumerate(entries, 1))


def choose(bugs: Sequence[DemoBug], wanted: str) -> tuple[int, DemoBug]:
    """The bug of this number (from 1) or id with its number; any of them for "". Raises UsageError."""
    if not wanted:
        place = random.randrange(len(bugs))
        return place + 1, bugs[place]
    for number, bug in enumerate(bugs, 1):
        if wanted in (str(number), bug.id):
            return number, bug
    raise UsageError(f"there is no bug {wanted!r}", hint=f"There are 1 to {len(bugs)}: kimicode demo --list")


def _bug(entry: Any, where: str) -> DemoBug:
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where} is no object")
    wrong = [name for name in _WORDS if not isinstance(entry.get(name), str)]
    line = entry.get("line")
    if wrong or not isinstance(line, int):
        raise UsageError(f"{where} has no right {', '.join(wrong) or 'line'}")
    if not entry["module"].isidentifier():
        raise UsageError(f"{where}: {entry['module']!r} is no name of a module")
    return DemoBug(
        id=entry["id"],
        title=entry["title"],
        module=entry["module"],
        source=entry["source"],
        tests=entry["tests"],
        broken=_replaced(entry["source"], line, entry["old"], entry["new"], where),
        kind=entry["kind"],
        why=entry["why"],
        prompt=str(entry.get("prompt") or PROMPT),
    )


def _replaced(source: str, line: int, old: str, new: str, where: str) -> str:
    """The source with the lines `new` where `old` stood, from `line` on (counted from 1)."""
    lines, gone = source.split("\n"), old.split("\n")
    if line < 1 or lines[line - 1 : line - 1 + len(gone)] != gone:
        raise UsageError(f"{where}: line {line} of its source is not {old!r}")
    return "\n".join([*lines[: line - 1], *new.split("\n"), *lines[line - 1 + len(gone) :]])
