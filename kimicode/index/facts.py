"""What one file tells: its symbols, its references and its words, in columns that pass between processes cheaply."""

from collections.abc import Sequence
from typing import Any, NamedTuple

Columns = tuple[Sequence[Any], ...]
"""A table by its columns, all of one length; () for a table without rows."""


class Definition(NamedTuple):
    """A symbol where it is defined. Lines count from 1; `container` is the name around it, such as its class."""

    name: str
    kind: str
    line: int
    end_line: int
    signature: str
    container: str


class Facts(NamedTuple):
    """What was found in one content, whatever its path.

    `symbols` has the columns of `Definition`; `uses` has names, on how many lines each is used, and those lines as text
    such as "3,14". `names` are the words of the defined names, `body` all others of the file. `timed_out` says that the
    time box closed before the parser was done: then there are words alone.
    """

    language: str
    symbols: Columns
    uses: Columns
    names: str
    body: str
    timed_out: bool = False

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The symbols one by one."""
        return tuple(map(Definition._make, zip(*self.symbols, strict=True)))

    @property
    def references(self) -> dict[str, tuple[int, ...]]:
        """The lines on which each name is used."""
        return {name: tuple(map(int, lines.split(","))) for name, _, lines in zip(*self.uses, strict=True)}


class Outcome(NamedTuple):
    """What became of one file of the work tree.

    `skipped` is "", "large", "binary" or "unreadable"; without a reason there is a digest, and `facts` where the index
    did not have that content yet. A file that is gone has `gone` set.
    """

    path: str
    mtime_ns: int = 0
    size: int = 0
    digest: bytes = b""
    skipped: str = ""
    facts: Facts | None = None
    gone: bool = False
