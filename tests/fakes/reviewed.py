"""A change in a real repository, for those who review one."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from kimicode.git.repository import Repository
from kimicode.review.source import Source, of_range

Texts = Mapping[str, str | None]
"""Files by path; None takes one away."""

PAGES = """\
def page(items, number, size):
    if size < 1:
        raise ValueError(size)
    first = (number - 1) * size
    return items[first : first + size]
"""
BROKEN = """\
def page(items, number, size):
    first = number * size
    return items[first : first + size]
"""
"""A page too far, and without its check."""


def committed(root: Path, files: Texts, subject: str = "change") -> str:
    """Commit these files, in a repository that is made if there is none; the commit's name."""
    if not (root / ".git").exists():
        root.mkdir(parents=True, exist_ok=True)
        git(root, "init", "--quiet", "--initial-branch=main")
    for name, text in files.items():
        place = root / name
        if text is None:
            place.unlink()
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", subject)
    return git(root, "rev-parse", "HEAD")


def changed(root: Path, before: Texts, after: Texts) -> Source:
    """The second of two commits."""
    base = committed(root, before, "before")
    committed(root, after)
    return of_range(repository(root), f"{base}..HEAD")


def pages(root: Path) -> Source:
    """A change of `pages.py` with two faults in it."""
    return changed(root, {"pages.py": PAGES}, {"pages.py": BROKEN})


def repository(root: Path) -> Repository:
    found = Repository.discover(root)
    assert found is not None
    return found


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgSign=false"]
    done = subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()
