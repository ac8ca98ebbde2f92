"""A work tree beside the person's, on a branch of its own: made, brought back by a fast-forward, removed.

No filter and no hook runs: files that pass through a filter (LFS, for one) are there as git keeps them.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kimicode.errors import DiskError, UsageError
from kimicode.git.command import GitError, run
from kimicode.git.commit import head_of, refuse_links, refuse_unfinished
from kimicode.git.diff import tree_of_head
from kimicode.git.entries import of_index, of_tree
from kimicode.git.programs import filtered, writing_settings
from kimicode.git.repository import Repository
from kimicode.git.snapshot import WorkTree

PREFIX = "kimicode/"


@dataclass(frozen=True, slots=True)
class Worktree:
    """`home` is the person's repository, `own` this one; `start` the commit at which its branch began."""

    home: Repository
    own: Repository
    branch: str
    start: str
    notes: tuple[str, ...]
    first: tuple[str, frozenset[str]]
    """Its files at the beginning: their tree, and which are not committed."""

    @property
    def head(self) -> str:
        """The newest commit of its branch."""
        return head_of(self.own.origin)


def create(home: Repository, folder: Path, name: str, *, carry: bool, scratch: Path) -> Worktree:
    """A work tree in `folder`, which must not exist, on the new branch kimicode/NAME from the current commit.

    With `carry` the person's uncommitted changes are there as well, uncommitted. Raises UsageError before the first
    commit and for a name that no branch can have, GitError, DiskError.
    """
    start = head_of(home.origin)
    if not start:
        raise UsageError(
            "a worktree needs a commit to begin with", hint="Commit something first, or leave out the flag."
        )
    branch = f"{PREFIX}{name}"
    if home.origin.run(["check-ref-format", "--branch", branch], check=False).status != 0:
        raise UsageError(f"{name!r} cannot be part of a branch's name")
    if home.origin.run(["rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"], check=False).status == 0:
        raise UsageError(f"the branch {branch} exists already", hint="Give another name.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DiskError.from_os("create", folder.parent, error) from error
    _outside(home, ["worktree", "add", "--no-checkout", "-b", branch, str(folder), start])
    own = Repository.discover(folder)
    if own is None:
        raise GitError(f"git made no work tree in {folder}")
    own.origin.run(["read-tree", "--reset", "-u", "HEAD"], settings=writing_settings(own.origin))
    notes = [*_notes(own), *_about_uncommitted(home, own, scratch, carry)]
    return Worktree(home, own, branch, start, tuple(notes), _files(own))


def untouched(worktree: Worktree) -> bool:
    """Whether it holds nothing but what it began with; ignored files do not count. Raises GitError, DiskError."""
    return worktree.head == worktree.start and _files(worktree.own) == worktree.first


def _files(own: Repository) -> tuple[str, frozenset[str]]:
    with tempfile.TemporaryDirectory(prefix="kimicode-git-") as scratch, WorkTree(own, Path(scratch)) as tree:
        return tree.snapshot(), frozenset(own.dirty_files())


def remove(worktree: Worktree, *, merged: bool = False) -> None:
    """Take the folder away, and the branch where it has no commits or they are `merged`. Raises GitError.

    The caller knows that nothing in the folder is worth keeping.
    """
    head = worktree.head
    _outside(worktree.home, ["worktree", "remove", "--force", str(worktree.own.root)])
    if merged or head == worktree.start:
        worktree.home.origin.run(["update-ref", "-d", f"refs/heads/{worktree.branch}", head])


def fast_forward(home: Repository, commit: str) -> None:
    """Bring the person's branch and files to a commit that follows theirs; uncommitted changes elsewhere stay.

    Raises UsageError, and changes nothing, where that is not possible or not safe; GitError.
    """
    origin = home.origin
    refuse_unfinished(origin)
    refuse_links(origin)
    old = head_of(origin)
    if origin.run(["merge-base", "--is-ancestor", old, commit], check=False).status != 0:
        raise UsageError("the branch has moved on meanwhile", hint="Merge it yourself.")
    before, after = (of_tree(origin.run(["ls-tree", "-r", "-z", tree])) for tree in (old, commit))
    touched = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    if filtered(origin, touched):
        raise UsageError("files that pass through a filter would change", hint="Merge it yourself.")
    moved = origin.run(["read-tree", "-m", "-u", old, commit], settings=writing_settings(origin), check=False)
    if moved.status != 0:
        raise UsageError(f"it would overwrite uncommitted changes: {moved.errors.strip()}", hint="Merge it yourself.")
    origin.run(["update-ref", "-m", f"merge {commit[:9]}: Fast-forward", "HEAD", commit, old])


def _outside(home: Repository, arguments: list[str]) -> None:
    """Without the variables that name an index: git would take them for the other work tree's as well."""
    run(arguments, cwd=home.root, env={"GIT_DIR": str(home.origin.git_dir), "GIT_WORK_TREE": str(home.root)})


def _notes(own: Repository) -> list[str]:
    entries, _ = of_index(own.origin)
    notes = []
    through = filtered(own.origin, list(entries))
    if through:
        names = ", ".join(sorted(set(through.values())))
        notes.append(f"{len(through)} files pass through a filter ({names}) and are as git keeps them")
    if any(entry.mode == "160000" for entry in entries.values()):
        notes.append("submodules are empty there")
    return notes


def _about_uncommitted(home: Repository, own: Repository, scratch: Path, carry: bool) -> list[str]:
    count = len(home.dirty_files())
    if not count:
        return []
    files = f"{count} uncommitted file{'s' * (count != 1)}"
    if not carry:
        return [f"{files} of {home.root} are not there: --carry brings them along"]
    with WorkTree(home, scratch) as tree:
        patch = tree.patch(tree_of_head(home.origin), tree.snapshot())
    settings = writing_settings(own.origin)
    own.origin.run(["apply", "--binary", "--whitespace=nowarn"], feed=patch, settings=settings)
    shutil.rmtree(scratch, ignore_errors=True)
    return [f"{files} of {home.root} came along, uncommitted"]
