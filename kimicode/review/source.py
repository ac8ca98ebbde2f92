"""Where a change comes from: commits, the index or the work tree; and the bytes of files on both sides."""

import os
import re
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from kimicode.errors import UsageError
from kimicode.git import changes
from kimicode.git.commit import head_of
from kimicode.git.diff import tree_of_head
from kimicode.git.entries import Entries
from kimicode.git.repository import Repository, why_not
from kimicode.git.shadow import Shadow
from kimicode.git.snapshot import WorkTree
from kimicode.review import diff
from kimicode.review.change import Change, ChangedFile, Side
from kimicode.workspace import beneath

Kind = Literal["commits", "staged", "worktree"]
MOST_SUBJECTS = 100
KEPT_BYTES = 64_000_000
"""So much of the changed files is kept in memory: each is read again and again."""
_RANGE = re.compile(r"(?P<base>.*?)\.{2,3}(?P<head>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """A change with the repository that holds it. `before` and `after` are all entries of its two sides, by path.

    `notes` tell the person what is not in the change: files that are too large or cannot be read. `room` is how many
    bytes of changed files it may keep in memory.
    """

    change: Change
    repository: Repository
    kind: Kind
    before: Entries
    after: Entries
    notes: tuple[str, ...] = ()
    room: int = KEPT_BYTES
    _kept: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    _tried: set[Side] = field(default_factory=set, repr=False, compare=False)

    def entries(self, side: Side) -> Entries:
        return self.before if side == "old" else self.after

    def read(self, path: str, side: Side) -> bytes | None:
        """A file's exact bytes, or where a link leads to; the work tree's as they are now, all others as git has them.

        None where the side has no such path, for a submodule, and for more than `changes.LARGEST_BYTES`.
        Raises GitError.
        """
        entry = self.entries(side).get(path)
        if entry is None:
            return None
        if side == "new" and self.kind == "worktree":
            return _on_disk(self.repository.root, path)
        if side not in self._tried:
            self._tried.add(side)
            self._keep(side)
        if entry.id in self._kept:
            return self._kept[entry.id]
        return next((data for _, data in changes.read(self.repository.origin, [entry.id])), None)

    def _keep(self, side: Side) -> None:
        """Read the changed files at once, as many as there is room for: a process for each takes longer than a read."""
        entries = self.entries(side)
        ids = [entries[path].id for file in self.change.files if (path := file.path_on(side)) in entries]
        room = self.room - sum(map(len, self._kept.values()))
        for name, data in changes.read(self.repository.origin, ids):
            room -= len(data)
            if room < 0:
                return
            self._kept[name] = data


def discover(path: Path) -> Repository:
    """The repository around a path. Raises UsageError where there is none, or a bare one, saying which."""
    found = Repository.discover(path)
    if found is None:
        raise UsageError(why_not(path), hint="Run kimicode review in the checkout of a project.")
    return found


def of_range(repository: Repository, revisions: str) -> Source:
    """What the commits of "A..B" changed since they left A, as a pull request shows it; "A...B" means the same.

    "A" alone, and "A..", mean up to HEAD. Raises UsageError for what is no commit and for two without a common one,
    GitError.
    """
    match = _RANGE.fullmatch(revisions)
    names = (match["base"], match["head"]) if match else (revisions, "")
    base, head = (_commit(repository, name.strip() or "HEAD") for name in names)
    return of_commits(repository, merge_base(repository, base, head), head)


def of_commits(repository: Repository, base: str, head: str) -> Source:
    """The difference of exactly these two commits, whatever lies between them. Raises UsageError, GitError."""
    origin = repository.origin
    base, head = _commit(repository, base), _commit(repository, head)
    before, after = changes.entries(origin, base), changes.entries(origin, head)
    files = _files(changes.patch(origin, base, head), before, after)
    subjects = changes.subjects(origin, base, head, MOST_SUBJECTS)
    return Source(Change(base, head, files, commits=subjects), repository, "commits", before, after)


def of_staged(repository: Repository) -> Source:
    """The index against HEAD, or against nothing before the first commit. Raises UsageError in a merge, GitError."""
    with tempfile.TemporaryDirectory(prefix="kimicode-git-") as scratch:
        shadow = Shadow.create(repository.origin, Path(scratch) / "index.git")
        written = shadow.run(["write-tree", "--missing-ok"], check=False)
        if written.status != 0:
            raise UsageError("the index has files in conflict", hint="Resolve them and stage the result.")
        return _uncommitted(repository, "staged", shadow, written.line, ())


def of_worktree(repository: Repository) -> Source:
    """All that is not committed, untracked files with it (ignored ones without). Raises GitError, DiskError."""
    with tempfile.TemporaryDirectory(prefix="kimicode-git-") as scratch, WorkTree(repository, Path(scratch)) as tree:
        snapshot = tree.snapshot()
        return _uncommitted(repository, "worktree", tree.shadow, snapshot, tuple(tree.notes))


def merge_base(repository: Repository, base: str, head: str) -> str:
    """The commit at which `head` left `base`. Raises UsageError where they have none in common, GitError."""
    origin = repository.origin
    found = origin.run(["merge-base", base, head], check=False)
    if found.status == 0 and found.line:
        return found.line.split()[0]
    shallow = origin.run(["rev-parse", "--is-shallow-repository"]).line == "true"
    hint = "This clone has only the newest commits: get the others with `git fetch --unshallow`." if shallow else ""
    raise UsageError(f"{base[:12]} and {head[:12]} have no commit in common", hint=hint)


def _commit(repository: Repository, name: str) -> str:
    origin = repository.origin
    # A name that begins with a dash would be an option; git lets no branch begin so.
    known = not name.startswith("-") and "\0" not in name
    found = origin.run(["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], check=False) if known else None
    if found is not None and found.status == 0:
        return found.line
    if name == "HEAD":
        raise UsageError("there are no commits yet", hint="Review what is staged (--staged) or all (--worktree).")
    raise UsageError(f"{name!r} is no commit of this repository", hint="A branch of a remote must be fetched first.")


def _uncommitted(repository: Repository, kind: Kind, shadow: Shadow, tree: str, notes: Sequence[str]) -> Source:
    origin = repository.origin
    head, base = head_of(origin), tree_of_head(origin)
    before, after = changes.entries(origin, base), changes.entries(shadow, tree)
    patch = changes.patch(origin, base, tree, more=[shadow.git_dir / "objects"])
    return Source(Change(head, "", _files(patch, before, after)), repository, kind, before, after, tuple(notes))


def _files(patch: bytes, before: Entries, after: Entries) -> tuple[ChangedFile, ...]:
    """With the modes that a patch leaves out, those of files that only moved."""
    return tuple(
        replace(file, old_mode=before[file.old_path].mode, new_mode=after[file.path].mode)
        if file.status in ("renamed", "copied") and file.old_path in before and file.path in after
        else file
        for file in diff.parse(patch)
    )


def _on_disk(root: Path, path: str) -> bytes | None:
    place = root / path
    try:
        with beneath.folder(place.parent) as folder:
            if stat.S_ISLNK(os.stat(place.name, dir_fd=folder, follow_symlinks=False).st_mode):
                return os.fsencode(os.readlink(place.name, dir_fd=folder))
            # Without waiting: a pipe may have taken the file's place.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with open(os.open(place.name, flags, dir_fd=folder), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or status.st_size > changes.LARGEST_BYTES:
                    return None
                return file.read(changes.LARGEST_BYTES + 1)
    except OSError:
        return None
