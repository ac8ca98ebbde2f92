"""A process that reads files for the index: `python -m kimicode.index.worker ROOT INDEX`, paths in, outcomes out.

It ends with its stdin, so none outlives the process that started it, not even one that is killed.
"""

import contextlib
import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from kimicode.errors import KimicodeError
from kimicode.index.database import connect
from kimicode.index.facts import Outcome
from kimicode.index.frames import receive, send
from kimicode.index.reading import look_at
from kimicode.index.writing import knows

NICER = 5
"""The person's own programs go first."""


def main(root: str, folder: str) -> None:
    """Answer lists of paths on stdin, each path with an outcome on stdout, until stdin ends."""
    with contextlib.suppress(OSError):
        os.nice(NICER)
    gc.disable()  # nothing here refers to itself, and looking for what does took a tenth of the time
    connection = connect(Path(folder))
    known = partial(knows, connection)
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            for path in receive(requests):
                send(_plain(look_at(root, os.fsdecode(path), known), path), replies)


def _plain(outcome: Outcome, path: bytes) -> tuple[Any, ...]:
    """Bare tuples: marshal knows no others."""
    facts = outcome.facts and tuple(outcome.facts)
    return (path, *outcome[1:5], facts, outcome.gone)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (KimicodeError, KeyboardInterrupt):
        sys.exit(1)
