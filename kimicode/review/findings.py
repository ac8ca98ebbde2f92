"""What a review finds, and the whole of its result: plain data that every stage passes on."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from kimicode.messages import Usage
from kimicode.review.change import Side

Category = Literal["correctness", "security", "concurrency", "api", "tests"]
Proof = Literal["ran", "read", ""]
"""How the verifier knows: it ran something that shows the fault, or read the code; "" before it looked."""
State = Literal["complete", "partial", "failed"]
"""partial: a limit ended it, or parts could not be read; failed: no part was reviewed."""


class Severity(IntEnum):
    """How bad it is for those who use the program, by the field's usual four steps."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Citation:
    """A line of code on which a claim rests, as it stands in the reviewed tree."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """New text for the whole lines `first` to `last` of the new side; "" deletes them. It ends without a line end."""

    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault that this change brings. Lines count from 1 on `side`; `first` equals `last` for a single line.

    `claim` is one sentence of at most 120 characters; `scenario` says which input or order of events leads to which
    wrong result. `fingerprint` stays the same while path, symbol, category and the flagged code do. `confidence` is
    from 0 to 1. `finder` names who found it.
    """

    path: str
    side: Side
    first: int
    last: int
    symbol: str
    category: Category
    severity: Severity
    confidence: float
    claim: str
    scenario: str
    citations: tuple[Citation, ...] = ()
    suggestion: Suggestion | None = None
    proof: Proof = ""
    evidence: str = ""
    """What the verifier saw: the command that it ran and its output, or why the code cannot be right."""
    finder: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """What was not reviewed, and why: too large, generated, binary, no budget left."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Review:
    """The result of a review. `findings` are those that passed, the worst first; `dropped` counts the others by reason.

    `since` is the head of the last review where only what came after it was reviewed. `fixed` holds fingerprints of
    earlier findings that this change has done away with.
    """

    base: str
    head: str
    state: State
    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...] = ()
    dropped: dict[str, int] = field(default_factory=dict)
    since: str = ""
    fixed: tuple[str, ...] = ()
    files: int = 0
    lines: int = 0
    """Changed lines, both sides, of the files that were reviewed."""
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    duration_s: float = 0.0
    notes: tuple[str, ...] = ()
    """What a person should know: a limit that ended it, a sandbox that is missing."""
