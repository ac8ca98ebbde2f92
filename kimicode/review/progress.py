"""What a review tells while it works: small records, in the order in which things happen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from kimicode.event import Event
from kimicode.messages import Usage
from kimicode.review.findings import Finding, Unread

Role = Literal["finder", "verifier"]
End = Literal["done", "limit", "failed", "interrupted"]
"""How an agent ended; `limit`: a budget or the loop guard stopped it."""


@dataclass(frozen=True, slots=True)
class ReviewStarted(Event):
    """The change was read and split. `finders` and `parts` multiply to the agents that look for faults."""

    type: ClassVar[str] = "review.started"
    model: str
    files: int
    lines: int
    """Changed lines of these files, both sides."""
    parts: int
    finders: tuple[str, ...]
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewerStarted(Event):
    """An agent began. `about` is the name of a part for a finder, path:line for a verifier."""

    type: ClassVar[str] = "review.agent.started"
    id: str
    role: Role
    kind: str
    """The class of faults that it looks for; "fixed" where a verifier looks whether an old one is gone."""
    about: str


@dataclass(frozen=True, slots=True)
class ReviewerUpdated(Event):
    """What an agent does at the moment, such as "view src/a.py"."""

    type: ClassVar[str] = "review.agent.updated"
    id: str
    doing: str


@dataclass(frozen=True, slots=True)
class ReviewerEnded(Event):
    type: ClassVar[str] = "review.agent.ended"
    id: str
    end: End
    why: str = ""


@dataclass(frozen=True, slots=True)
class FaultReported(Event):
    """A finder reports; nobody has looked whether it is so."""

    type: ClassVar[str] = "review.reported"
    finding: Finding


@dataclass(frozen=True, slots=True)
class VerifyingStarted(Event):
    """The finders are done: so many claims are to be checked, and so many old threads."""

    type: ClassVar[str] = "review.verifying"
    claims: int
    threads: int = 0


@dataclass(frozen=True, slots=True)
class FaultJudged(Event):
    """A verifier is done with a claim; `verdict` "" means that it reached none."""

    type: ClassVar[str] = "review.judged"
    finding: Finding
    verdict: str


@dataclass(frozen=True, slots=True)
class ReviewDelayed(Event):
    """A request failed, and is made again after so many seconds."""

    type: ClassVar[str] = "review.delayed"
    reason: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class ReviewSpent(Event):
    """After every request: all that the review has used so far."""

    type: ClassVar[str] = "review.spent"
    usage: Usage
    requests: int


OnReview = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Who does not want to know."""
