"""A folder at a glance: two levels, without what is hidden, generated or vendored."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

LEFT_OUT = frozenset({"__pycache__", "node_modules", "venv"})
_SCANNED = 5000


def entries(folder: Path, depth: int = 2, prefix: str = "") -> Iterator[str]:
    """Paths relative to `folder`, sorted, folders with a trailing slash; links are not followed. Raises OSError."""
    with os.scandir(folder) as scan:
        visible = [e for e in islice(scan, _SCANNED) if not e.name.startswith(".") and e.name not in LEFT_OUT]
    for entry in sorted(visible, key=lambda e: e.name):
        name = prefix + entry.name
        if not entry.is_dir(follow_symlinks=False):
            yield name
            continue
        yield name + "/"
        if depth > 1:
            try:
                yield from entries(folder / entry.name, depth - 1, name + "/")
            except OSError:
                continue  # unreadable or gone: its name is listed, its content cannot be
