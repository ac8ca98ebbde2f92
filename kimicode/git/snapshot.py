"""What a run changed: trees of the whole work tree, taken without touching the repository, and their difference."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from kimicode.events import FileChange
from kimicode.git.command import GitError
from kimicode.git.contents import TreeContents
from kimicode.git.repository import Repository
from kimicode.git.shadow import Shadow

FOLDER = "snapshots.git"
LARGEST_UNTRACKED_BYTES = 200_000_000
_MEANING = re.compile(r"([\\*?\[\] ])")
_UNREADABLE = re.compile(r"unable to index file '(?P<path>.*)'$", re.MULTILINE)


class WorkTree:
    """Takes snapshots of a repository's work tree into `scratch`; the calls block, and belong on one thread at a time.

    Not in a snapshot: ignored files, repositories inside the repository, untracked files over 200 MB, and what cannot
    be read. `notes` says which were left out, once each. Git may renew the time stamp of a repository's object that a
    snapshot needs as well; nothing else of the repository changes.
    """

    def __init__(self, repository: Repository, scratch: Path) -> None:
        """Prepare; the folder `scratch` is made if need be. Raises GitError, DiskError."""
        self.root = repository.root
        self.notes: list[str] = []
        folder = scratch.resolve() / FOLDER
        shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
        self.shadow = Shadow.create(repository.origin, folder)
        self._left_out: set[str] = set()
        if self.shadow.git_dir.is_relative_to(self.root):
            self._leave_out(str(self.shadow.git_dir.relative_to(self.root)), "")

    def __enter__(self) -> "WorkTree":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def snapshot(self) -> str:
        """Record tracked and untracked files as they are now; the id of the tree. Raises GitError, DiskError."""
        sparse = ["--sparse"] if self.shadow.sparse else []
        if self.shadow.follows_untracked:
            self._leave_out_untracked()
            added = self.shadow.run(["add", "--all", "--ignore-errors", *sparse], check=False)
        else:
            self._note("untracked files are not followed: git's status.showUntrackedFiles is off")
            added = self.shadow.run(["add", "--update", "--ignore-errors", *sparse], check=False)
        for match in _UNREADABLE.finditer(added.errors):
            self._note(f"{match['path']} cannot be read")
        if added.status > 1:  # 1 means that some files were passed over, more that git gave up
            raise GitError(f"git could not record the files of {self.root}: {added.errors.strip()}")
        return self.shadow.run(["write-tree", "--missing-ok"]).line

    def changes(self, before: str, after: str) -> tuple[FileChange, ...]:
        """The files that differ between two trees, by path; a rename is a deletion and an addition. Raises GitError."""
        if before == after:
            return ()
        options = ["-r", "-z", "--raw", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv"]
        return tuple(parse_changes(self.shadow.run(["diff-tree", *options, before, after, "--"]).output))

    def patch(self, before: str, after: str) -> bytes:
        """The difference of two trees in a form that `git apply` takes, binary files included. Raises GitError."""
        options = ["-r", "-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"]
        prefixes = ["--no-color", "--src-prefix=a/", "--dst-prefix=b/"]
        return self.shadow.run(["diff-tree", *options, *prefixes, before, after, "--"]).output

    def contents(self, tree: str) -> TreeContents:
        """What a tree holds, by path. Raises GitError."""
        return TreeContents.of(self.shadow, tree)

    def close(self) -> None:
        """Remove the snapshots; tree ids of this object mean nothing afterwards."""
        self.shadow.close()

    def _leave_out_untracked(self) -> None:
        listed = self.shadow.run(["ls-files", "--others", "--exclude-standard", "-z"]).output
        for name in listed.split(b"\0"):
            path = os.fsdecode(name)
            if path.endswith("/"):
                self._leave_out(path, "is a repository of its own")
            elif path and _size(self.root / path) > LARGEST_UNTRACKED_BYTES:
                self._leave_out(path, f"is untracked and over {LARGEST_UNTRACKED_BYTES // 1_000_000} MB")

    def _leave_out(self, path: str, why: str) -> None:
        if path in self._left_out:
            return
        self._left_out.add(path)
        # An exclude pattern cannot hold a line break; "?" stands for any one character.
        pattern = "/" + _MEANING.sub(r"\\\1", path).replace("\n", "?").replace("\r", "?")
        with (self.shadow.git_dir / "info/exclude").open("a", encoding="utf-8", errors="surrogateescape") as excludes:
            excludes.write(f"\n{pattern}\n")
        if why:
            self._note(f"{path} {why}")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def left_behind(repository: Repository, scratch: Path, tree: str) -> TreeContents | None:
    """What a tree holds that another process took into `scratch` and could not remove; None where it is gone.

    Raises GitError.
    """
    folder = scratch.resolve() / FOLDER
    return TreeContents.of(Shadow.found(repository.origin, folder), tree) if folder.is_dir() else None


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def parse_changes(output: bytes) -> Iterator[FileChange]:
    """What `diff-tree -z --raw --numstat` says: first ":modes ids status", path; then "added TAB removed TAB path"."""
    fields = iter(output.split(b"\0"))
    status: dict[bytes, str] = {}
    for field in fields:
        if field.startswith(b":"):
            status[next(fields)] = field[-1:].decode("ascii").replace("T", "M")
        elif field:
            added, removed, path = field.split(b"\t", 2)
            counts = (None, None) if added == b"-" else (int(added), int(removed))
            yield FileChange(path.decode("utf-8", "backslashreplace"), status[path], *counts)
