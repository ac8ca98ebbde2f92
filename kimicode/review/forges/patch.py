"""The patch of one file as a forge gives it."""

from kimicode.review.change import Hunk
from kimicode.review.diff import DiffError, hunks


def read_hunks(patch: str) -> tuple[Hunk, ...]:
    """Its hunks, none where the forge gives no whole patch: what it cut is a place where nothing can be anchored."""
    start = 0 if patch.startswith("@@") else patch.find("\n@@") + 1
    if not patch[start:].startswith("@@"):
        return ()
    try:
        return hunks(patch[start:])
    except DiffError:
        return ()
