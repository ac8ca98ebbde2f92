"""The system prompt: how to work, where we are, and the project's own instructions. Made once; the first record."""

import datetime
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

LISTED = 40
"""Entries of the file list: enough to see a small project whole and a large one's top."""


def text(name: str) -> str:
    """A prompt of this folder, without its final newline."""
    return resources.files("kimicode.agent").joinpath("prompts", f"{name}.md").read_text("utf-8").strip()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the model is told about where it works. `git` is a line such as "branch main, clean"."""

    root: Path
    git: str
    test_command: str
    files: Sequence[str]
    more_files: bool
    instructions: Sequence[tuple[str, str]]


def system_prompt(where: Surroundings) -> str:
    lines = [
        f"Working directory: {where.root}",
        f"System: {platform.system()}, {datetime.date.today().isoformat()}",
        f"Git: {where.git}",
        *([f"Test command: {where.test_command}"] if where.test_command else []),
        "Files: " + (", ".join(where.files) + (", ..." if where.more_files else "") if where.files else "none"),
    ]
    blocks = [text("system"), "\n".join(lines)]
    blocks += [f'<instructions from="{name}">\n{body.strip()}\n</instructions>' for name, body in where.instructions]
    return "\n\n".join(blocks)


def list_files(names: Sequence[str]) -> tuple[list[str], bool]:
    """At most LISTED names for the prompt: files where they fit, else the folders at the top with their counts."""
    if len(names) <= LISTED:
        return sorted(names), False
    tops: dict[str, int] = {}
    for name in names:
        head, slash, _ = name.partition("/")
        tops[head + slash] = tops.get(head + slash, 0) + 1
    shown = [f"{top} ({count} files)" if top.endswith("/") else top for top, count in sorted(tops.items())]
    return shown[:LISTED], len(shown) > LISTED
