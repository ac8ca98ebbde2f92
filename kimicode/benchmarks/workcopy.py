"""The fresh git repository that an attempt works in, and what was changed in it."""

import subprocess
from pathlib import Path

from kimicode.benchmarks.bugset import Bug

_IDENTITY = ("-c", "user.name=kimicode", "-c", "user.email=kimicode@localhost", "-c", "commit.gpgsign=false")


def create(bug: Bug, target: Path) -> str:
    """Copy the broken code to `target`, commit all of it, and return the commit's id."""
    bug.copy_to(target)
    _git(target, "init", "--quiet")
    # What every real project ignores; a .gitignore of ours would be one more file for the model to read.
    exclude = target / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("__pycache__/\n.pytest_cache/\n")
    _git(target, "add", "--all")
    _git(target, "commit", "--quiet", "--message", "Start")
    return _git(target, "rev-parse", "HEAD").strip()


def diff(folder: Path, commit: str) -> str:
    """What differs from `commit`, committed since or not; one line where the repository itself was broken."""
    try:
        _git(folder, "add", "--all")
        return _git(folder, "diff", "--cached", "--no-ext-diff", commit)
    except subprocess.CalledProcessError as error:
        return f"no diff: {error.stderr.strip() or error}"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", *_IDENTITY, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, errors="replace")
    return done.stdout
