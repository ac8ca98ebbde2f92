"""A branch against the one that it is to be merged into: its commits and what they change together."""

import re
import secrets
from dataclasses import dataclass

from kimicode.errors import UsageError
from kimicode.git.diff import Difference, of_trees
from kimicode.git.history import Commit, commits
from kimicode.git.shadow import Origin

USUAL = ("main", "master", "trunk", "develop")
MOST_COMMITS = 100
_SLUG_WORDS, _SLUG_CHARS = 5, 32


@dataclass(frozen=True, slots=True)
class Branch:
    """`name` is "" on a detached head; `commits` are those that `base` lacks, newest first."""

    name: str
    base: str
    commits: tuple[Commit, ...]
    difference: Difference


def against(origin: Origin, base: str = "") -> Branch:
    """The current branch against `base`, by default the one that it most likely came from.

    Raises UsageError where there is no base, or nothing to merge; GitError.
    """
    name = origin.run(["symbolic-ref", "--quiet", "--short", "HEAD"], check=False).line
    base = _verified(origin, base) if base else likely_base(origin)
    if not base:
        raise UsageError("it is not clear what the branch is to be merged into", hint="Say so: --base BRANCH.")
    found = commits(origin, [f"{base}..HEAD"], MOST_COMMITS)
    if not found:
        raise UsageError(f"there is nothing to merge: {name or 'HEAD'} has no commit that {base} lacks")
    parted = origin.run(["merge-base", base, "HEAD"], check=False).line
    if not parted:
        hint = "In a shallow clone `git fetch --unshallow` brings the history."
        raise UsageError(f"{name or 'HEAD'} and {base} have no common commit", hint=hint)
    return Branch(name, base.removeprefix("origin/"), tuple(found), of_trees(origin, parted, "HEAD"))


def commits_since(origin: Origin, commit: str) -> int:
    """How many commits HEAD has that this one lacks. Raises GitError."""
    return int(origin.run(["rev-list", "--count", f"{commit}..HEAD"]).line)


def fresh_name(words: str) -> str:
    """A name that tells what it is for and that nothing else has: "fix-the-parser-3f9a1c"."""
    slug = "-".join(re.findall(r"[a-z0-9]+", words.lower())[:_SLUG_WORDS])[:_SLUG_CHARS].strip("-")
    return f"{slug or 'task'}-{secrets.token_hex(3)}"


def likely_base(origin: Origin) -> str:
    """What the current branch most likely came from; "" where that is not clear. Raises GitError."""
    current = origin.run(["symbolic-ref", "--quiet", "--short", "HEAD"], check=False).line
    remote = origin.run(["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"], check=False).line
    candidates = [remote, *(name for usual in USUAL for name in (f"origin/{usual}", usual))]
    return next((name for name in filter(None, candidates) if name != current and _exists(origin, name)), "")


def _verified(origin: Origin, base: str) -> str:
    if base.startswith("-") or not _exists(origin, base):
        raise UsageError(f"there is no branch or commit {base!r}", hint="`git branch -a` lists the branches.")
    return base


def _exists(origin: Origin, name: str) -> bool:
    return origin.run(["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], check=False).status == 0


def remote_of(origin: Origin, name: str) -> tuple[str, bool]:
    """The address of the branch's remote, "" without one, and whether the branch stands there as it is here."""
    remote = origin.run(["config", "--get", f"branch.{name}.remote"], check=False).line or "origin"
    url = origin.run(["config", "--get", f"remote.{remote}.url"], check=False).line
    there = origin.run(["rev-parse", "--verify", "--quiet", f"refs/remotes/{remote}/{name}"], check=False).line
    return url, bool(there) and there == origin.run(["rev-parse", "HEAD"]).line
