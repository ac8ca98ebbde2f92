"""Differences told within bounds: every file by name and count, and as much of the patch as there is room for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kimicode.events import FileChange
from kimicode.git.shadow import Origin, Shadow
from kimicode.git.snapshot import parse_changes

_RAW = ("-z", "--raw", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
_PATCH = ("-p", "--find-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty")
_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)
MOST_LISTED = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs: all files, and the patch file by file."""

    files: tuple[FileChange, ...]
    patches: tuple[str, ...]

    def listed(self, most: int) -> list[str]:
        """A line for each of so many files, and one for the others."""
        more = [f"... and {len(self.files) - most} more files"] if len(self.files) > most else []
        return [*map(_line, self.files[:most]), *more]

    def told(self, limit: int) -> str:
        """The list of files and below it the patch, shortened to about `limit` characters; what is left out is said."""
        return "\n".join(self.listed(MOST_LISTED)) + "\n\n" + shortened(self.patches, limit)


def of_trees(origin: Origin, before: str, after: str) -> Difference:
    """The difference of two commits or trees. Raises GitError."""
    return difference_of(origin, ["diff-tree", "-r"], before, after)


def of_index(origin: Origin) -> Difference:
    """What is staged. Raises GitError."""
    return difference_of(origin, ["diff-index", "--cached"], tree_of_head(origin))


def difference_of(place: Origin | Shadow, command: Sequence[str], *trees: str) -> Difference:
    """What one of git's plumbing commands for differences finds. Raises GitError."""
    files = place.run([*command, *_RAW, *trees, "--"]).output
    patch = place.run([*command, *_PATCH, *trees, "--"]).output.decode("utf-8", "replace")
    return Difference(tuple(parse_changes(files)), tuple(split_patch(patch)))


def tree_of_head(origin: Origin) -> str:
    """The tree of the current commit; before the first one, the empty tree. Raises GitError."""
    tree = origin.run(["rev-parse", "--verify", "--quiet", "HEAD^{tree}"], check=False).line
    return tree or origin.run(["mktree"], feed=b"").line


def shortened(patches: Sequence[str], limit: int) -> str:
    """The patches of some files in `limit` characters: small ones whole, what is left shared among the large ones."""
    room, allowed = limit, {}
    for count, (place, patch) in enumerate(sorted(enumerate(patches), key=lambda each: len(each[1]))):
        allowed[place] = min(len(patch), room // (len(patches) - count))
        room -= allowed[place]
    return "".join(_cut(patch, allowed[place]) for place, patch in enumerate(patches))


def split_patch(patch: str) -> Iterator[str]:
    """A patch file by file: no other line of one begins with these words."""
    return (part for part in _FILE.split(patch) if part)


def shown(path: str) -> str:
    """A path on one line, whatever its bytes are."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _cut(patch: str, room: int) -> str:
    if len(patch) <= room:
        return patch
    kept = patch[: max(room, patch.find("\n") + 1)].rpartition("\n")[0]
    return f"{kept}\n... ({patch.count(chr(10)) - kept.count(chr(10))} more lines of this file)\n"


def _line(change: FileChange) -> str:
    counts = "binary" if change.added is None else f"+{change.added} -{change.removed}"
    return f"{change.status} {shown(change.path)} {counts}"
