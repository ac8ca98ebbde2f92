"""`--worktree`: work beside the person's files, on a branch of its own, and the way back at the end."""

import hashlib
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kimicode import paths
from kimicode.config.obeyed import search_path
from kimicode.config.trust import Record
from kimicode.errors import KimicodeError, UsageError

FRESH = "?"
"""Instead of a name: make one of the prompt's words."""
MOST_SHOWN = 20
Choose = Callable[[str, Mapping[str, str]], str]
"""Asks a question with these answers, a letter each; "" where there is none."""


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
        _trust_as(home.root, folder, self.tree.own.root)
        inside = self.tree.own.root / folder.resolve().relative_to(home.root)
        self.folder = inside if inside.is_dir() else self.tree.own.root

    @property
    def opening(self) -> str:
        """What is said at the start."""
        return "; ".join([f"working in {self.folder} on the branch {self.tree.branch}", *self.tree.notes])

    def conclude(self, choose: Choose | None, say: Callable[[str], None]) -> None:
        """Remove it if it was for nothing; else ask what becomes of it, where there is somebody to `choose`.

        Whoever gives no answer keeps everything, and is told where it is.
        """
        from kimicode.agent.delivery import Delivery
        from kimicode.git.worktree import untouched

        try:
            if untouched(self.tree):
                self._remove()
                return
            if choose is not None and self._carried_out(choose, say):
                return
        except KimicodeError as error:
            say(str(error))
        if choose is not None:
            say(Delivery(worktree=self.tree).way_back())

    def _carried_out(self, choose: Choose, say: Callable[[str], None]) -> bool:
        """Ask, and do it; False where all is to stay. Raises KimicodeError with nothing lost."""
        from kimicode.git.branch import commits_since
        from kimicode.git.diff import of_trees

        tree = self.tree
        loose = tree.own.dirty_files()
        count = commits_since(tree.own.origin, tree.start)
        listed = of_trees(tree.own.origin, tree.start, tree.head).listed(MOST_SHOWN)
        say("\n  ".join([f"{tree.branch}: {_many(count, 'commit')}", *listed]))
        if loose:
            say(f"and {_many(len(loose), 'uncommitted file')} in {tree.own.root}")
        merge = {"m": f"merge into {tree.home.branch()}"} if count else {}
        answer = choose("What becomes of it?", {**merge, "k": "keep it", "d": "discard it"})
        if answer == "m":
            self._merge(bool(loose), say)
            return True
        return answer == "d" and self._discard(len(loose), choose, say)

    def _merge(self, loose: bool, say: Callable[[str], None]) -> None:
        from kimicode.git.merge import meeting
        from kimicode.git.worktree import fast_forward

        tree = self.tree
        fast_forward(tree.home, meeting(tree.home.origin, tree.branch, tree.head))
        if loose:
            say(f"merged; {tree.own.root} stays for what is not committed there")
            return
        self._remove(merged=True)
        say("merged")

    def _discard(self, loose: int, choose: Choose, say: Callable[[str], None]) -> bool:
        tree, head = self.tree, self.tree.head
        sure = {"y": "yes", "n": "no"}
        if loose and choose(f"{_many(loose, 'uncommitted file')} cannot be brought back. Sure?", sure) != "y":
            return False
        self._remove(merged=True)
        say(f"discarded; `git branch NAME {head[:9]}` brings its commits back" if head != tree.start else "discarded")
        return True

    def _remove(self, *, merged: bool = False) -> None:
        from kimicode.git.worktree import remove

        remove(self.tree, merged=merged)
        with suppress(KimicodeError):
            _record().forget(self.tree.own.root)


def choice(question: str, choices: Mapping[str, str]) -> str:
    """The letter that somebody at the terminal chooses; "" where there is nobody, and for Enter, Ctrl-C and Ctrl-D."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    offered = "  ".join(f"[{letter}] {what}" for letter, what in choices.items())
    try:
        while True:
            print(f"{question}  {offered}: ", end="", file=sys.stderr, flush=True)
            letter = sys.stdin.readline().strip()[:1].lower()
            if not letter or letter in choices:
                return letter
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return ""


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _record() -> Record:
    return Record(paths.config_dir() / "trust.toml")


def _trust_as(repository: Path, folder: Path, worktree: Path) -> None:
    """A worktree is as trusted as the repository it was made from; where that cannot be kept, it is asked about."""
    if search_path(folder)[-1] == repository:
        with suppress(KimicodeError):
            _record().follow(worktree, repository)
