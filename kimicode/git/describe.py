"""What is said of a repository in the first prompt: its branch, what is uncommitted or half done, the last commits.

Bounded, whatever the repository holds: a few lines, and the uncommitted difference where it is small.
"""

import os
import tempfile
from pathlib import Path, PurePath

from kimicode.git.command import GitError
from kimicode.git.conflicts import explained, unfinished
from kimicode.git.diff import difference_of, shown, tree_of_head
from kimicode.git.history import commits
from kimicode.git.repository import Repository
from kimicode.git.shadow import Shadow
from kimicode.workspace.sandbox.secretfiles import named_like_a_secret

MOST_STATUS = 15
MOST_COMMITS = 5
MOST_SUBMODULES = 5
PATCH_CHARS = 2_500


def describe(repository: Repository) -> str:
    """Several lines, the first as `Repository.summary`. Raises GitError."""
    origin = repository.origin
    with tempfile.TemporaryDirectory(prefix="kimicode-git-") as folder:
        shadow = Shadow.create(origin, Path(folder) / "status.git")
        changed = repository.changed(shadow)
        told = _uncommitted(shadow, changed)
    lines = [repository.summary_of(len(changed))]
    lines += _lacking(repository, sparse=shadow.sparse)
    state = unfinished(origin)
    if state is not None:
        lines.append(explained(origin, state))
    lines += told
    latest = commits(origin, ["HEAD"], MOST_COMMITS)
    if latest:
        lines.append("Last commits: " + "; ".join(commit.short for commit in latest))
    return "\n".join(lines)


def _lacking(repository: Repository, *, sparse: bool) -> list[str]:
    """What one would look for in vain, in one line."""
    origin = repository.origin
    promised = origin.run(["config", "--get-regexp", r"^remote\..*\.promisor$"], check=False).output
    empty = [path for path in _submodules(repository) if not _holds_something(repository.root / path)]
    more = ", ..." if len(empty) > MOST_SUBMODULES else ""
    facts = [
        "older commits (a shallow clone)" if (origin.common_dir / "shallow").is_file() else "",
        "contents of older commits (a partial clone)" if promised else "",
        "tracked files outside of the sparse checkout" if sparse else "",
        f"the files of submodules ({', '.join(map(shown, empty[:MOST_SUBMODULES]))}{more})" if empty else "",
    ]
    said = "; ".join(filter(None, facts))
    return [f"Not here: {said}"] if said else []


def _submodules(repository: Repository) -> list[str]:
    if not (repository.root / ".gitmodules").is_file():
        return []
    wanted = ["--null", "--get-regexp", r"^submodule\..*\.path$"]
    listed = repository.origin.run(["config", "--file", ".gitmodules", *wanted], check=False).output
    return [os.fsdecode(each.partition(b"\n")[2]) for each in listed.split(b"\0") if each]


def _holds_something(folder: Path) -> bool:
    try:
        return any(True for _ in folder.iterdir())
    except OSError:
        return True  # another place, or none: nothing is known of it


def _uncommitted(shadow: Shadow, changed: list[str]) -> list[str]:
    if not changed:
        return []
    listed = ", ".join(map(shown, changed[:MOST_STATUS])) + (", ..." if len(changed) > MOST_STATUS else "")
    lines = [f"Uncommitted: {listed}"]
    try:
        difference = difference_of(shadow, ["diff-index"], tree_of_head(shadow.origin))
    except GitError:  # a partial clone may lack an object: the list has to do
        return lines
    if any(named_like_a_secret(PurePath(path).name) for path in changed):  # to see them takes a question
        return lines
    size = sum(map(len, difference.patches))
    if 0 < size <= PATCH_CHARS:
        lines.append(f"```diff\n{''.join(difference.patches).rstrip()}\n```")
    return lines
