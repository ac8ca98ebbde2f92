"""Holds what a review found against what is known of a case, by place and kind alone: no model judges.

Rules: a finding hits a bug in the same file on the changed side whose lines come within three of the bug's, or inside
the bug's function where its category fits; at a removed line, in the same hunk. The first hit counts, further ones
repeat it, all others are false.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kimicode.benchmarks.review_set import Case, Place
from kimicode.review import diff
from kimicode.review.change import ChangedFile
from kimicode.review.findings import Category, Finding

NEAR = 3
"""Lines between a finding and a bug that still count as the same place."""
LARGEST_SPAN = 80
"""Lines of a function up to which being inside of it says something."""

Mark = Literal["hit", "repeat", "false"]


@dataclass(frozen=True, slots=True)
class Marked:
    """A finding and what it is worth."""

    mark: Mark
    path: str
    first: int
    last: int
    category: Category
    severity: str
    confidence: float
    claim: str
    scenario: str
    proof: str


def marked(case: Case, findings: Sequence[Finding]) -> tuple[Marked, ...]:
    """Each finding with its mark, in the order given."""
    seen: list[Marked] = []
    files = diff.parse(case.change.encode())
    for finding in findings:
        mark: Mark = "false"
        if any(hits(finding, place, case.category, files) for place in case.places):
            mark = "repeat" if any(one.mark == "hit" for one in seen) else "hit"
        seen.append(_marked(finding, mark))
    return tuple(seen)


def hits(finding: Finding, place: Place, category: Category | None, files: Sequence[ChangedFile]) -> bool:
    """Whether a finding is about that place, by the rules above."""
    if finding.path != place.path:
        return False
    if finding.side == "old":
        hunks = [hunk for file in files if file.path == place.path for hunk in file.hunks]
        return any(hunk.holds("old", finding.first) and hunk.holds("new", place.first) for hunk in hunks)
    if finding.first <= place.last + NEAR and finding.last >= place.first - NEAR:
        return True
    first, last = place.span
    inside = first <= finding.first and finding.last <= last and last - first < LARGEST_SPAN
    return inside and bool(place.symbol) and fits(finding.category, category)


def fits(found: Category, true: Category | None) -> bool:
    """Whether a reviewer may call the bug that: the same, or plainly "correctness", which all but tests are too."""
    if "tests" in (found, true):
        return found == true
    return found == true or "correctness" in (found, true)


def _marked(finding: Finding, mark: Mark) -> Marked:
    return Marked(
        mark,
        finding.path,
        finding.first,
        finding.last,
        finding.category,
        finding.severity.label,
        round(finding.confidence, 2),
        finding.claim,
        finding.scenario,
        finding.proof,
    )
