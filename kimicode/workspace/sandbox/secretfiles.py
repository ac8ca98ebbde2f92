"""Finds, in the folders that commands may change, files that by their name hold secrets, and nested repositories.

The search is bounded in depth, entries and time; folders that tools fill by themselves are passed over.
"""

import os
import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DEPTH = 6
ENTRIES = 30_000
SECONDS = 0.25
MOST = 100
"""Files and nested repositories each; those nearest to the top come first."""

_ENV = re.compile(r"\.env(\.(?!(example|sample|template|dist|defaults|schema)$).+)?", re.IGNORECASE)
_NAMES = re.compile(r"\.netrc|\.pypirc|\.git-credentials|id_(rsa|dsa|ecdsa|ed25519)|.+\.kdbx", re.IGNORECASE)
_DOUBTFUL = re.compile(r"\.npmrc|\.envrc", re.IGNORECASE)
_SECRET = re.compile(rb"(token|secret|passw|api_?key|credential)[^=\n]{0,40}=\s*[\"']?[^\s\"'$]{8,}", re.IGNORECASE)
_PASSED_OVER = frozenset(
    {
        *("node_modules", "bower_components", "site-packages", "Pods", ".venv", "venv", "__pycache__"),
        *(".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".direnv", ".terraform"),
        *("target", "dist", "build", ".gradle", ".next", ".nuxt"),
    }
)
_READ = 16_384


@dataclass(frozen=True, slots=True)
class Found:
    """`complete`: everything within the depth was looked at, and all that was found is in here."""

    secrets: list[Path] = field(default_factory=list)
    repositories: list[Path] = field(default_factory=list)
    """Paths of `.git`, files and folders, below the top."""
    complete: bool = True


def search(top: Path) -> Found:
    """Look through `top`, level by level. Raises nothing: what cannot be listed cannot be read either."""
    found = Found()
    deadline = time.monotonic() + SECONDS
    left = ENTRIES
    folders = deque([(top, 0)])
    while folders:
        folder, depth = folders.popleft()
        for entry in _entries(folder):
            left -= 1
            if entry.name == ".git":
                if depth:
                    found.repositories.append(Path(entry.path))
            elif entry.is_dir(follow_symlinks=False):
                if depth < DEPTH and entry.name not in _PASSED_OVER:
                    folders.append((Path(entry.path), depth + 1))
            elif is_secret(entry):
                found.secrets.append(Path(entry.path))
        if left < 0 or time.monotonic() > deadline:
            break
    crowded = max(len(found.secrets), len(found.repositories)) > MOST
    return Found(found.secrets[:MOST], found.repositories[:MOST], complete=not folders and not crowded)


def is_secret(entry: "os.DirEntry[str]") -> bool:
    """Whether a file is of a kind that holds secrets: by its name, and in doubt by what is in it."""
    name = entry.name
    if named_like_a_secret(name):
        return True
    return bool(_DOUBTFUL.fullmatch(name)) and _SECRET.search(_beginning(entry.path)) is not None


def named_like_a_secret(name: str) -> bool:
    """Whether a file of this name holds secrets, whatever is in it."""
    return bool(_ENV.fullmatch(name) or _NAMES.fullmatch(name))


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as listing:
            yield from listing
    except OSError:
        return


def _beginning(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_READ)
