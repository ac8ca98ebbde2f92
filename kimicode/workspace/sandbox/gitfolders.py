"""What of a repository must not be changed by commands, because git obeys it: settings, hooks, and where they are.

All else of `.git` is writable, so that adding, committing and stashing work. Nothing is believed that a repository
says about folders outside of it unless those folders say the same.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kimicode.workspace.sandbox.policy import real

OBEYED = ("config", "config.worktree", "hooks", "info/attributes", "commondir")
"""In any git folder. A `commondir` that appears makes git take settings and hooks from wherever it says."""
_OF_WORKTREES = ("commondir", "gitdir", "config.worktree")
_MOST_OTHERS = 8
"""Work trees and submodules each whose folders are protected piece by piece; of more, all are read-only."""
_MODULE_DEPTH = 5
_INCLUDE_DEPTH = 4
_LARGEST = 1_000_000
"""Bytes."""
_SECTION = re.compile(r"\s*\[\s*([\w.-]+)")
_VALUE = re.compile(r"\s*(\w+)\s*=\s*(.*?)\s*$")


@dataclass(slots=True)
class Guarded:
    """What a repository adds to a policy: git folders to write in, paths to protect, and what could not be had."""

    writable: list[Path] = field(default_factory=list)
    protected: list[Path] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def guard(root: Path, home: Path) -> Guarded:
    """For the folder that may hold `.git`; `.git` itself is not a link."""
    found = Guarded()
    link = root / ".git"
    if os.path.isdir(link):
        _guard_folder(link, root, home, found)
        return found
    found.protected.append(link)
    if os.path.isfile(link):
        folder, common = linked_folder(root)
        if folder is None:
            found.gaps.append(f"git's folder is only read: {link} and the folder that it names do not agree")
        elif common is not None:
            _guard_folder(common, root, home, found)
            found.protected += [folder / name for name in _OF_WORKTREES]
            found.writable.append(folder)
        else:
            _guard_folder(folder, root, home, found)
    return found


def guard_nested(link: Path) -> Guarded:
    """For a repository somewhere below: its settings and hooks as far as they exist."""
    if not os.path.isdir(link) or os.path.islink(link):
        return Guarded(protected=[link])
    return Guarded([link], [link / name for name in ("config", "hooks") if os.path.exists(link / name)])


def linked_folder(root: Path) -> tuple[Path | None, Path | None]:
    """The git folder that the file `.git` leads to, and for a linked work tree the one that it shares.

    (None, None) where that folder does not lead back: a repository may name any folder as its own.
    """
    word, _, name = _line(root / ".git").partition(": ")
    folder = real(root / name)
    if word != "gitdir" or not _text(folder / "HEAD"):
        return None, None
    if shared := _line(folder / "commondir"):
        common = real(folder / shared)
        leads_back = Path(_line(folder / "gitdir")) == root / ".git" and folder.parent == common / "worktrees"
        return (folder, common) if leads_back else (None, None)
    values = dict(_values(folder / "config"))
    leads_back = real(folder / values.get("core.worktree", ".")) == root
    return (folder, None) if leads_back else (None, None)


def _guard_folder(folder: Path, root: Path, home: Path, found: Guarded) -> None:
    obeyed = [folder / name for name in OBEYED]
    linked = [path for path in obeyed if os.path.islink(path) or real(path.parent) != path.parent]
    why = f"{linked[0].name} in it is a link" if linked else _unread(folder / "config")
    if why:
        # A link cannot be covered, only the folder that it is in.
        found.gaps.append(f"commands can only read {folder}: {why}")
        found.protected += [folder, *map(real, linked)]
    else:
        found.writable.append(folder)
        found.protected += obeyed
        found.protected += _work_trees(folder / "worktrees")
        found.protected += _modules(folder / "modules")
    found.protected += _named(folder / "config", root, home, _INCLUDE_DEPTH)


def _work_trees(folder: Path) -> list[Path]:
    trees = sorted(folder.glob("*/"))
    if len(trees) > _MOST_OTHERS:
        return [folder]
    return [tree / name for tree in trees for name in _OF_WORKTREES if os.path.isfile(tree / name)]


def _modules(folder: Path) -> list[Path]:
    """Settings and hooks of submodules, which may lie deep: a module's name is its path."""
    found: list[Path] = []
    level = [folder]
    for _ in range(_MODULE_DEPTH):
        modules = [place for place in level if _text(place / "HEAD")]
        found += modules
        level = [path for place in level if place not in modules for path in sorted(place.glob("*/"))]
        if len(found) > _MOST_OTHERS or len(level) > 10 * _MOST_OTHERS:
            return [folder]
    return [module / name for module in found for name in ("config", "hooks") if os.path.exists(module / name)]


def _named(config: Path, root: Path, home: Path, depth: int) -> Iterator[Path]:
    """Files that settings include, and the folder of hooks that they name, wherever these are."""
    for key, value in _values(config):
        if key == "core.hookspath":
            yield real(root / _expanded(value, home))
        elif key in ("include.path", "includeif.path") and depth:
            included = real(config.parent / _expanded(value, home))
            yield included
            yield from _named(included, root, home, depth - 1)


def _values(config: Path) -> Iterator[tuple[str, str]]:
    """(section.key in small letters, value) of git's settings, without subsections."""
    section = ""
    for line in _text(config).splitlines():
        if match := _SECTION.match(line):
            section = match[1].lower()
            line = line.partition("]")[2]
        if match := _VALUE.match(line):
            yield f"{section}.{match[1].lower()}", match[2].strip('"')


def _expanded(value: str, home: Path) -> Path:
    return home / value[2:] if value.startswith("~/") else Path(value)


def _unread(config: Path) -> str:
    """Why it is not known what settings name."""
    large = os.path.isfile(config) and config.stat().st_size > _LARGEST
    return f"{config.name} in it is larger than any that git wrote" if large else ""


def _line(path: Path) -> str:
    return _text(path).strip()


def _text(path: Path) -> str:
    """What a file says; nothing where it is none, cannot be read, or is nothing that git wrote."""
    try:
        if not os.path.isfile(path) or path.stat().st_size > _LARGEST:
            return ""
        text = path.read_text("utf-8", errors="surrogateescape")
    except OSError:
        return ""
    return "" if "\0" in text else text
