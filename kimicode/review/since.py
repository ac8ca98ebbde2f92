"""A change narrowed to what came after the commit at which it was last reviewed."""

import dataclasses

from kimicode.review.change import ChangedFile, Hunk
from kimicode.review.source import Source, of_commits


def narrowed(source: Source, since: str) -> Source:
    """The same change with those hunks alone that later commits touched. Blocks. Raises UsageError, GitError.

    What only reached the branch by merging its base is not in the change, and stays out.
    """
    later = of_commits(source.repository, since, source.change.head).change
    files = (_narrowed(file, later.file(file.path)) for file in source.change.files)
    change = dataclasses.replace(source.change, files=tuple(file for file in files if file is not None))
    return dataclasses.replace(source, change=change)


def _narrowed(file: ChangedFile, later: ChangedFile | None) -> ChangedFile | None:
    if later is None:
        return None
    touched = _touched(later)
    hunks = tuple(hunk for hunk in file.hunks if touched.intersection(_places(hunk)))
    return dataclasses.replace(file, hunks=hunks) if hunks or not file.hunks else None


def _touched(file: ChangedFile) -> set[int]:
    """Lines of the new side that are new, or that removed ones stood between."""
    touched: set[int] = set()
    for hunk in file.hunks:
        here = hunk.new_start - bool(hunk.new_count)
        for line in hunk.lines:
            here = line.new or here
            touched |= {here, here + 1} if line.kind == "-" else {here} if line.kind == "+" else set()
    return touched


def _places(hunk: Hunk) -> range:
    """Where a hunk can be met: the lines of its new side, those next to it where it has none."""
    return range(hunk.new_start, hunk.new_start + max(hunk.new_count, 2))
