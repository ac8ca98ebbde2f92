"""What the first look at a workspace goes by: git's bytes of its files, or copies of them where there is no git."""

import os
from collections.abc import Iterable

from kimicode.git.contents import TreeContents
from kimicode.workspace.changes import Origin
from kimicode.workspace.snapshots import FILE_LIMIT

KEPT_WITHOUT_GIT = 200_000_000
"""Bytes that are copied at the start where no git has them."""
_LEFT_OUT = frozenset({"node_modules", "__pycache__", ".venv", "venv", ".tox", ".hg", ".svn", ".mypy_cache"})
"""Folders that count as ignored where there is no git to say so."""


def origin_of(contents: TreeContents | None, since_ns: int = 0) -> Origin:
    """`contents` were taken at that Unix time; None without git."""
    if contents is None:
        return Origin(belong=_not_left_out, at_risk=_small)
    return Origin(frozenset(contents.files), contents.belong, contents.read, contents.differing, since_ns)


def _not_left_out(found: list[str]) -> list[str]:
    return [path for path in found if os.path.basename(path) not in _LEFT_OUT]


def _small(files: Iterable[tuple[str, int]]) -> list[str]:
    """The smallest files, as many as may be copied."""
    kept, room = [], KEPT_WITHOUT_GIT
    for path, size in sorted(files, key=lambda file: file[1]):
        room -= size
        if room < 0 or size > FILE_LIMIT:
            break
        kept.append(path)
    return kept
