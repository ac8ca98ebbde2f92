"""What one file tells: its symbols, its references and its words, as plain tuples that pass between processes."""

from typing import NamedTuple


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

    `references` are names with their lines; `names` and `body` are words for the full-text index. `timed_out` says that
    the time box closed before the parser was done: then there are words alone.
    """

    language: str
    definitions: tuple[Definition, ...]
    references: tuple[tuple[str, tuple[int, ...]], ...]
    names: str
    body: str
    timed_out: bool = False


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
