"""Which files a project has, for `@` completion: asked of git, or looked for where there is none, in a thread."""

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath

from kimicode.tui.composing.matching import Matcher

GIT_PATIENCE = 5.0
"""Seconds that git may take before the folders are walked instead."""
WALK_PATIENCE = 2.0
MOST_FILES = 100_000
FRESH = 15.0
"""Seconds for which a list is taken as it is; after that it is still used, while a new one is made."""
_MOST_RECENT = 50
_SKIPPED = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".mypy_cache", ".ruff_cache", ".tox"}


@dataclass(slots=True)
class ProjectFiles:
    """The files and folders below `root`, folders with a slash at their end."""

    root: Path
    matcher: Matcher = field(default_factory=lambda: Matcher(()))
    _recent: dict[str, None] = field(default_factory=dict)
    _made: float = float("-inf")
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def loaded(self) -> bool:
        return self._made > float("-inf")

    @property
    def stale(self) -> bool:
        """Whether it is time to `refresh`, and nobody is at it."""
        return not self._making.locked() and time.monotonic() - self._made > FRESH

    async def refresh(self) -> None:
        """Make the list anew, without holding up the screen."""
        async with self._making:
            try:
                async with asyncio.timeout(GIT_PATIENCE):
                    files = await asyncio.to_thread(tracked, self.root)
            except TimeoutError:
                files = None
            self.matcher = await asyncio.to_thread(_matcher, self.root, files)
            self._made = time.monotonic()

    def find(self, query: str, limit: int) -> list[str]:
        """The best files for a query."""
        return self.matcher.find(query, limit, self._recent)

    def used(self, path: str) -> None:
        """A file was mentioned or changed: it comes earlier from now on."""
        self._recent = dict(islice({path: None, **self._recent}.items(), _MOST_RECENT))


def tracked(root: Path) -> list[str] | None:
    """Files below `root` that git tracks or would track; None where git cannot say."""
    from kimicode.git.command import GitError
    from kimicode.git.repository import Repository

    try:
        repository = Repository.discover(root)
        if repository is None:
            return None
        inside = os.path.relpath(root.resolve(), repository.root)
        there = [] if inside == "." else [inside]
        run = repository.origin.run
        known = run(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", *there])
        gone = set(_names(run(["ls-files", "-z", "--deleted", "--", *there]).output))
    except GitError:
        return None
    start = 0 if inside == "." else len(inside) + 1
    return [name[start:] for name in islice(_names(known.output), MOST_FILES) if name not in gone]


def _names(output: bytes) -> Iterator[str]:
    """Names that can be shown and typed; git's end with a NUL."""
    names = (os.fsdecode(name) for name in output.split(b"\0") if name)
    return (name for name in names if name.isprintable())


def walked(root: Path) -> list[str]:
    """Files below `root`, hidden folders and those that tools fill left out; what two seconds find."""
    found: list[str] = []
    end = time.monotonic() + WALK_PATIENCE
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        inside = os.path.relpath(folder, root)
        before = "" if inside == "." else f"{inside}/"
        found.extend(before + name for name in sorted(files) if (before + name).isprintable())
        if len(found) >= MOST_FILES or time.monotonic() > end:
            break
    return found[:MOST_FILES]


def _matcher(root: Path, files: list[str] | None) -> Matcher:
    names = walked(root) if files is None else files
    folders = {f"{parent}/" for name in names for parent in map(str, PurePosixPath(name).parents) if parent != "."}
    return Matcher(sorted([*names, *folders], key=lambda name: (name.rstrip("/").count("/"), name)))
