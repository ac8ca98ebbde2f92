"""A git repository as the agent sees it: where it is, which branch, what is uncommitted. It is only ever read."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kimicode.git import command
from kimicode.git.shadow import Origin, Shadow

_READ_FIRST = ("HEAD", "config", "commondir")
_LARGEST = 1_000_000
"""Bytes; git writes none of them that large."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a work tree. `root` is the folder that holds `.git`, as a real path."""

    root: Path
    origin: Origin

    @classmethod
    def discover(cls, path: Path) -> "Repository | None":
        """The repository that `path` lies in; None outside of one, in a bare one, and without git (see `why_not`)."""
        found = _find(path)
        return found if isinstance(found, Repository) else None

    def branch(self) -> str:
        """The current branch, also before its first commit; a short commit id if HEAD is detached."""
        name = self.origin.run(["symbolic-ref", "--quiet", "--short", "HEAD"], check=False).line
        return name or self.origin.run(["rev-parse", "--short", "HEAD"], check=False).line or "unknown"

    def head(self) -> str:
        """Where HEAD is, in words: "branch main", before its first commit "branch main (no commits yet)"."""
        name = self.origin.run(["symbolic-ref", "--quiet", "--short", "HEAD"], check=False).line
        commit = self.origin.run(["rev-parse", "--short", "--verify", "--quiet", "HEAD"], check=False).line
        if not name:
            return f"no branch, HEAD is detached at {commit or 'an unknown commit'}"
        return f"branch {name}" if commit else f"branch {name} (no commits yet)"

    def dirty_files(self, limit: int = 1000) -> list[str]:
        """At most `limit` paths below `root` that differ from HEAD or are untracked; a new folder counts once.

        Raises GitError if git cannot say.
        """
        with tempfile.TemporaryDirectory(prefix="kimicode-git-") as folder:
            shadow = Shadow.create(self.origin, Path(folder) / "status.git")
            return self.changed(shadow, limit)

    def changed(self, shadow: Shadow, limit: int = 1000) -> list[str]:
        """The same, where there is a shadow of it already."""
        answer = shadow.run(["status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=dirty"])
        records = [record for record in answer.output.split(b"\0") if record]
        return [record[3:].decode("utf-8", "backslashreplace") for record in records[:limit]]

    def summary(self) -> str:
        """One line for the prompt: "branch main, 2 files changed"."""
        return self.summary_of(len(self.dirty_files(limit=1000)))

    def summary_of(self, count: int) -> str:
        """The same, where so many files are known to be changed."""
        changed = {0: "no uncommitted changes", 1: "1 file changed", 1000: "1000 or more files changed"}
        return f"{self.head()}, {changed.get(count, f'{count} files changed')}"

    def stop(self) -> None:
        """End the git commands that run for it, from any thread: whoever waits for one gets a GitError."""
        command.stop(self.root)


def why_not(path: Path) -> str:
    """Why `Repository.discover(path)` finds nothing, for the person; an empty string if it finds one."""
    found = _find(path)
    return "" if isinstance(found, Repository) else found


def _find(path: Path) -> Repository | str:
    start = path.resolve()
    candidates = [folder for folder in (start, *start.parents) if os.path.lexists(folder / ".git")]
    if not candidates:
        bare_one = next((folder for folder in (start, *start.parents) if _looks_bare(folder)), None)
        if bare_one is not None:
            return f"{bare_one} is a bare repository: it has no work tree"
        return f"{path} is not inside the work tree of a git repository"
    if reason := command.missing():
        return reason
    from git import InvalidGitRepositoryError, NoSuchPathError, Repo

    for folder in candidates:
        if not _is_ordinary(folder / ".git"):
            continue
        try:
            with Repo(folder) as repo:
                bare, git_dir, common_dir = repo.bare, Path(repo.git_dir), Path(repo.common_dir)
        except (InvalidGitRepositoryError, NoSuchPathError):
            continue
        if bare:
            return f"{folder} is a bare repository: it has no work tree"
        return Repository(folder, Origin(folder, git_dir.resolve(), common_dir.resolve()))
    return f"{candidates[0] / '.git'} is not a valid git repository"


def _is_ordinary(link: Path) -> bool:
    """Whether what is read first is files of a usual size: a pipe would be waited for, a device never end."""
    names = _READ_FIRST if link.is_dir() else ("",)
    files = [path for name in names if os.path.exists(path := link / name)]
    return all(path.is_file() and path.stat().st_size <= _LARGEST for path in files)


def _looks_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
