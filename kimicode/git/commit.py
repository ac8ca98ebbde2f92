"""Commits made beside the person's own work: what they staged, and what they changed and did not stage, stays as it is.

The tree is put together in an index of our own. No hook runs, nothing is signed, and no filter: what needs one is left
out. The person's index is then moved along as `git commit` would, under git's own lock.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from kimicode.errors import DiskError, UsageError
from kimicode.git.command import GitError
from kimicode.git.conflicts import unfinished
from kimicode.git.diff import Difference, of_trees, tree_of_head
from kimicode.git.entries import Entry, index_info
from kimicode.git.programs import writing_settings
from kimicode.git.shadow import Origin

_DURABLE = (("core.fsync", "committed"), ("i18n.commitEncoding", "UTF-8"))
_WRITTEN = ("HEAD", "index", "packed-refs", "logs/HEAD", "objects")
_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit that lacks its message. `index` is what the person's index must hold afterwards, where it changes."""

    origin: Origin
    parent: str
    before: str
    tree: str
    index: dict[str, Entry | None]
    left_out: tuple[str, ...] = ()
    """Why some files are not in it, one line each."""

    @property
    def empty(self) -> bool:
        return self.before == self.tree

    def difference(self) -> Difference:
        """What it changes. Raises GitError."""
        return of_trees(self.origin, self.before, self.tree)

    def commit(self, message: str) -> str:
        """Make the commit, and its id; HEAD must be where it was. Raises GitError, DiskError, UsageError."""
        refuse_links(self.origin)
        made = write_commit(self.origin, self.tree, [self.parent] if self.parent else [], message)
        subject = message.strip().splitlines()[0]
        with _moved_index(self.origin, self.index):
            was = self.parent or "0" * len(made)
            self.origin.run(["update-ref", "-m", f"commit: {subject}", "HEAD", made, was], settings=_DURABLE)
        return made


def write_commit(origin: Origin, tree: str, parents: Sequence[str], message: str) -> str:
    """A commit that nothing refers to yet, and its id. Raises UsageError where git knows no author, GitError."""
    words = [word for parent in parents for word in ("-p", parent)]
    text = message.strip().encode("utf-8", "replace") + b"\n"
    made = origin.run(["commit-tree", tree, *words, "-F", "-"], feed=text, settings=_DURABLE, check=False)
    if "tell me who you are" in made.errors or "empty ident" in made.errors:
        hint = 'git config --global user.name "YOUR NAME"; git config --global user.email YOU@EXAMPLE.ORG'
        raise UsageError("git does not know who commits", hint=hint)
    if made.status != 0:
        raise GitError(f"git could not make the commit: {made.errors.strip()}")
    return made.line


def refuse_unfinished(origin: Origin) -> None:
    """Raises UsageError where a merge or the like waits to be finished: its commit is the person's."""
    state = unfinished(origin)
    if state is not None:
        what = "files are in conflict" if state.kind == "conflict" else f"a {state.kind} is unfinished"
        raise UsageError(f"nothing is committed: {what}", hint="Finish it first: `git status` says how.")


def refuse_links(origin: Origin) -> None:
    """Raises UsageError where git would write through a link, which a command can have put there."""
    branch = origin.run(["symbolic-ref", "--quiet", "HEAD"], check=False).line or "HEAD"
    written = [*map(PurePath, _WRITTEN), PurePath(branch), PurePath("logs", branch)]
    names = {name for path in written for name in (path, *path.parents)}
    for link in (folder / name for folder in {origin.git_dir, origin.common_dir} for name in sorted(names)):
        if link.is_symlink():
            raise UsageError(f"nothing is committed: {link} is a link", hint=f"It leads to {os.readlink(link)}")


def of_staged(origin: Origin) -> Draft:
    """A commit of exactly what is staged. Raises UsageError where there is nothing, or a merge waits; GitError."""
    refuse_unfinished(origin)
    before = tree_of_head(origin)
    with tempfile.TemporaryDirectory(prefix="kimicode-commit-") as folder:
        index = Path(folder) / "index"
        _copy(origin.git_dir / "index", index)
        tree = origin.run(["write-tree", "--missing-ok"], index=index).line
    if tree == before:
        raise UsageError("nothing is staged", hint="Stage something with `git add`, or give -a for all tracked files.")
    return Draft(origin, head_of(origin), before, tree, {})


def of_entries(
    origin: Origin, entries: dict[str, Entry | None], index: dict[str, Entry | None], left_out: Sequence[str]
) -> Draft:
    """A commit of the current one with these entries in it; None removes a file. Raises GitError."""
    before = tree_of_head(origin)
    with tempfile.TemporaryDirectory(prefix="kimicode-commit-") as folder:
        own = Path(folder) / "index"
        origin.run(["read-tree", before], index=own)
        put(origin, entries, own)
        tree = origin.run(["write-tree", "--missing-ok"], index=own).line
    return Draft(origin, head_of(origin), before, tree, index, tuple(left_out))


def put(origin: Origin, entries: dict[str, Entry | None], index: Path) -> None:
    """Write entries into an index. Raises GitError."""
    empty = "0" * len(tree_of_head(origin))
    if entries:
        feed = index_info(entries, empty)
        # Whoever writes an index looks into files that changed in the same moment as it, through their filters.
        settings = writing_settings(origin)
        command = ["update-index", "--add", "--replace", "-z", "--index-info"]
        origin.run(command, index=index, feed=feed, settings=settings)


def head_of(origin: Origin) -> str:
    """The id of the current commit; "" before the first one."""
    return origin.run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], check=False).line


def remarks(origin: Origin) -> list[str]:
    """What the person should know of a commit made here, and what `git commit` would have done besides."""
    detached = origin.run(["symbolic-ref", "--quiet", "HEAD"], check=False).status != 0
    folder = Path(os.path.expanduser(_configured(origin, "core.hooksPath") or str(origin.common_dir / "hooks")))
    hooks = [name for name in _HOOKS if os.access(origin.root / folder / name, os.X_OK)]
    said = ["it is on no branch, HEAD is detached: `git switch -c NAME` makes one"] if detached else []
    said += [f"kimicode does not run hooks: {', '.join(hooks)}"] if hooks else []
    if _configured(origin, "commit.gpgsign") in ("true", "yes", "on", "1"):
        said.append("it is not signed: `git commit --amend --no-edit -S` signs it")
    return said


def _configured(origin: Origin, key: str) -> str:
    """A setting as the person and the repository made it; our own overrides do not count."""
    output = origin.run(["config", "--null", "--show-scope", "--get-all", key], check=False).output.split(b"\0")
    values = [value for scope, value in zip(output[::2], output[1::2], strict=False) if scope != b"command"]
    return os.fsdecode(values[-1]) if values else ""


@contextlib.contextmanager
def _moved_index(origin: Origin, entries: dict[str, Entry | None]) -> Iterator[None]:
    """Hold git's lock on the index; once the body went well, the index with these entries takes its place."""
    if not entries:
        yield
        return
    index, lock = origin.git_dir / "index", origin.git_dir / "index.lock"
    try:
        held = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        raise GitError(f"another git command is at work in {origin.root}: {lock} exists") from None
    except OSError as error:
        raise DiskError.from_os("lock", index, error) from error
    try:
        with open(held, "wb") as copy:
            there = _into(copy, index)
        if not there:
            lock.unlink()
        put(origin, entries, lock)
        yield
        os.replace(lock, index)
    finally:
        lock.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Nothing is copied where there is none: the index of a repository without a first commit."""
    with target.open("wb") as copy:
        there = _into(copy, source)
    if not there:
        target.unlink()


def _into(copy: BinaryIO, index: Path) -> bool:
    """Copy an index into an open file: its name may by now be that of another. False where there is none."""
    try:
        with open(os.open(index, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as source:
            shutil.copyfileobj(source, copy)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise DiskError.from_os("copy", index, error) from error
    return True
