"""The files of a folder without git: links not followed, `.gitignore` honoured, what is installed left out."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from kimicode.errors import ToolError
from kimicode.workspace.listing import LEFT_OUT
from kimicode.workspace.reading import load

MOST_FILES = 200_000
"""Somebody who starts in their home folder waits for no more than that."""

MOST_STARS = 8
"""In one pattern; matching many of them takes longer than anybody waits, and nobody writes so."""

MOST_RULES, LONGEST_RULE = 100_000, 500
"""Bytes of one .gitignore that count, and characters of a pattern: looking for brackets takes the square of that."""

_Rule = tuple[re.Pattern[str], bool, bool]
"""What a line of .gitignore matches in a path below its folder; whether folders alone; whether it takes back."""


_Rules = tuple[tuple[int, _Rule], ...]
"""Rules with where a path below their folder begins; later ones win."""


def walk(root: Path) -> Iterator[str]:
    """Paths of regular files below `root`, relative to it, shallow ones first. What cannot be read is passed over."""
    found = 0
    level: list[tuple[str, _Rules]] = [("", ())]
    while level:
        deeper: list[tuple[str, _Rules]] = []
        for folder, rules in level:
            entries = _entries(root / folder)
            if any(entry.name == ".gitignore" for entry in entries):
                rules += tuple((len(folder), rule) for rule in _rules(root / folder / ".gitignore"))
            for entry in entries:
                path = folder + entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                if _ignored(path, is_folder, rules):
                    continue
                if is_folder:
                    if not entry.name.startswith(".") and entry.name not in LEFT_OUT:
                        deeper.append((path + "/", rules))
                elif entry.is_file(follow_symlinks=False):
                    found += 1
                    if found > MOST_FILES:
                        return
                    yield path
        level = deeper


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as scan:
            return sorted(scan, key=lambda entry: entry.name)
    except OSError:
        return []


def _ignored(path: str, is_folder: bool, rules: _Rules) -> bool:
    """Whether the last rule that matches says so."""
    for start, (pattern, folders_only, kept) in reversed(rules):
        if (is_folder or not folders_only) and pattern.fullmatch(path, start):
            return not kept
    return False


def _rules(file: Path) -> Iterator[_Rule]:
    try:
        data = load(file, file.name)
    except ToolError:
        return
    for line in data[:MOST_RULES].decode("utf-8", "surrogateescape").splitlines():
        text = line.rstrip()
        if not text or text.startswith("#"):
            continue
        kept, text = text.startswith("!"), text.removeprefix("!")
        folders_only, text = text.endswith("/"), text.rstrip("/")
        if text and len(text) <= LONGEST_RULE and text.count("*") <= MOST_STARS:
            with contextlib.suppress(re.error):  # such as [z-a]
                yield re.compile(_expression(text)), folders_only, kept


def _expression(pattern: str) -> str:
    """A pattern of .gitignore as a regular expression over the path below its folder."""
    anchored = "/" in pattern
    translated = "" if anchored else r"(?:.*/)?"
    pieces = re.split(r"(\*\*/|/\*\*|\*|\?|\[[^]/]+\])", pattern.removeprefix("/"))
    for piece in pieces:
        if piece == "**/":
            translated += r"(?:.*/)?"
        elif piece == "/**":
            translated += r"/.*"
        elif piece == "*":
            translated += r"[^/]*"
        elif piece == "?":
            translated += r"[^/]"
        elif piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
            translated += "[" + piece[1:-1].replace("\\", r"\\").replace("!", "^", piece[1] == "!") + "]"
        else:
            translated += re.escape(piece.replace("\\", ""))
    return translated
