"""`--worktree`: work beside the person's files, on a branch of its own, and the way back at the end."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from kimicode import paths
from kimicode.errors import KimicodeError, UsageError

FRESH = "?"
"""Instead of a name: make one of the prompt's words."""


def with_fresh_names(arguments: Sequence[str]) -> list[str]:
    """The arguments, with `--worktree` alone saying that a name is to be made; behind `--` nothing is an option."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    spelled = [f"--worktree={FRESH}" if each == "--worktree" else each for each in arguments[:end]]
    return [*spelled, *arguments[end:]]


def refuse_stray(worktree: str, carry: bool, resumes: bool) -> None:
    """Raises UsageError for options that make no sense together."""
    if carry and not worktree:
        raise UsageError("--carry brings changes into a worktree", hint="Give --worktree as well.")
    if worktree and resumes:
        hint = "A session that began in a worktree goes on there by itself."
        raise UsageError("a session goes on in the folder where it began, not in a new worktree", hint=hint)


class Beside:
    """A worktree for one run in `folder`. Raises UsageError where there is no repository, GitError, DiskError."""

    def __init__(self, folder: Path, name: str, words: str, *, carry: bool) -> None:
        from kimicode.git.branch import fresh_name
        from kimicode.git.repository import Repository, why_not
        from kimicode.git.worktree import create

        home = Repository.discover(folder)
        if home is None:
            raise UsageError(f"--worktree needs a git repository: {why_not(folder)}")
        if name == FRESH:
            name = fresh_name(words)
        shared = hashlib.sha256(str(home.origin.common_dir).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        place = paths.worktrees_dir() / f"{home.root.name}-{shared}" / name.replace("/", "-")
        with tempfile.TemporaryDirectory(prefix="kimicode-carry-") as scratch:
            self.tree = create(home, place, name, carry=carry, scratch=Path(scratch) / "carry")
        inside = self.tree.own.root / folder.resolve().relative_to(home.root)
        self.folder = inside if inside.is_dir() else self.tree.own.root

    @property
    def opening(self) -> str:
        """What is said at the start."""
        return "; ".join([f"working in {self.folder} on the branch {self.tree.branch}", *self.tree.notes])

    def conclude(self, ask: Callable[[str], bool] | None, say: Callable[[str], None]) -> None:
        """Remove it if it was for nothing; else offer to merge, where there is somebody to `ask`."""
        from kimicode.agent.delivery import Delivery
        from kimicode.git.worktree import fast_forward, remove, untouched

        tree = self.tree
        try:
            if untouched(tree):
                remove(tree)
                return
            committed = tree.head != tree.start and not tree.own.dirty_files()
            if ask is not None and committed and ask(f"Merge {tree.branch} into {tree.home.branch()}?"):
                fast_forward(tree.home, tree.head)
                remove(tree, merged=True)
                say("merged")
                return
        except KimicodeError as error:
            say(str(error))
        if ask is not None:
            say(Delivery(worktree=tree).way_back())
