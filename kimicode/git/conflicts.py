"""What is half done in a repository, such as a merge, and which files are in conflict: who changed what."""

import os
from dataclasses import dataclass

from kimicode.git.diff import shown
from kimicode.git.history import Commit, commit_at, commits
from kimicode.git.shadow import Origin

MOST_FILES = 12
MOST_COMMITS = 3

_THEIRS = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "REBASE_HEAD": "rebase",
}
_TRACES = {"rebase-merge": "rebase", "rebase-apply": "rebase", "BISECT_LOG": "bisect"}
_SIDES = {
    "123": "changed on both sides",
    "23": "added on both sides",
    "12": "deleted by theirs, changed by ours",
    "13": "deleted by ours, changed by theirs",
    "1": "deleted on both sides",
    "2": "added by ours",
    "3": "added by theirs",
}


@dataclass(frozen=True, slots=True)
class Unfinished:
    """`kind` is merge, rebase, cherry-pick, revert, bisect, or conflict where only files tell.

    `files` are those in conflict, and how.
    """

    kind: str
    theirs: Commit | None
    files: dict[str, str]


def unfinished(origin: Origin) -> Unfinished | None:
    """What is half done, if anything. Raises GitError."""
    stages: dict[str, str] = {}
    for record in origin.run(["ls-files", "--unmerged", "-z"]).output.split(b"\0"):
        head, tab, path = record.partition(b"\t")
        if tab:
            name = os.fsdecode(path)
            stages[name] = stages.get(name, "") + head.decode("ascii")[-1]
    files = {path: _SIDES.get(seen, "in conflict") for path, seen in stages.items()}
    for name, kind in _THEIRS.items():
        if (origin.git_dir / name).is_file() and (theirs := commit_at(origin, name)):
            return Unfinished(kind, theirs, files)
    kinds = [kind for name, kind in _TRACES.items() if (origin.git_dir / name).exists()]
    return Unfinished(kinds[0] if kinds else "conflict", None, files) if kinds or files else None


def explained(origin: Origin, state: Unfinished) -> str:
    """For the first prompt: what is going on, both sides, and the files with the commits that met in them."""
    ours = commit_at(origin, "HEAD")
    sides = [f"ours (HEAD) is {ours.short}"] if ours else []
    sides += [f"theirs is {state.theirs.short}"] if state.theirs else []
    what = "Files are in conflict" if state.kind == "conflict" else f"A {state.kind} is unfinished"
    lines = [": ".join(filter(None, (what, ", ".join(sides))))]
    lines += [f"- in conflict: {shown(path)} ({how})" + _met(origin, state, path) for path, how in _first(state.files)]
    if len(state.files) > MOST_FILES:
        lines.append(f"- and {len(state.files) - MOST_FILES} more files in conflict")
    if not state.files and state.kind not in ("conflict", "bisect"):
        lines.append("- no file is in conflict any more")
    return "\n".join(lines)


def _first(files: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(files.items())[:MOST_FILES]


def _met(origin: Origin, state: Unfinished, path: str) -> str:
    """The commits of both sides since they parted that touched a file; for a merge alone, where both are branches."""
    if state.kind != "merge" or state.theirs is None:
        return ""
    base = origin.run(["merge-base", "HEAD", state.theirs.id], check=False).line
    if not base:
        return ""
    sides = {
        "ours": commits(origin, [f"{base}..HEAD"], MOST_COMMITS, [path]),
        "theirs": commits(origin, [f"{base}..{state.theirs.id}"], MOST_COMMITS, [path]),
    }
    return "".join(f"; {side}: {', '.join(c.short for c in found)}" for side, found in sides.items() if found)
