"""Which findings are worth a person's time, and which of them stand at the line: few, the worst first."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import chain

from kimicode.review.change import Change, ChangedFile
from kimicode.review.findings import Finding, Severity
from kimicode.review.noise import noise


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least that a finding must be: how bad, and how sure, from 0 to 1."""

    min_severity: Severity = Severity.MEDIUM
    min_confidence: float = 0.6


@dataclass(frozen=True, slots=True)
class Selected:
    """What is told, the worst first, and how many are not, by reason."""

    kept: tuple[Finding, ...]
    dropped: dict[str, int]


def select(
    findings: Iterable[Finding], change: Change, thresholds: Thresholds, *, dismissed: Set[str] = frozenset()
) -> Selected:
    """Choose among verified findings. `dismissed` are fingerprints that a person has declined before."""
    kept, dropped = [], Counter[str]()
    for finding in findings:
        if reason := _reason(finding, change, thresholds, dismissed):
            dropped[reason] += 1
        else:
            kept.append(finding)
    return Selected(tuple(sorted(kept, key=_rank)), dict(sorted(dropped.items())))


def inline(findings: Sequence[Finding], most: int) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Those that stand at their line, `most` at most, and the rest; each the worst first."""
    ranked = sorted(findings, key=_rank)
    most = max(0, most)
    return tuple(ranked[:most]), tuple(ranked[most:])


def brought(finding: Finding, change: Change) -> bool:
    """Whether the change can have brought it: it touches a flagged or cited line, or the symbol that it is in."""
    file = change.file(finding.path)
    if file is not None:
        lines = range(finding.first, finding.last + 1)
        if file.status == "added" or _touched(file).intersection((finding.side, line) for line in lines):
            return True
        if _symbol_changed(finding.symbol, file):
            return True
    cited = ((change.file(citation.path), citation.line) for citation in finding.citations)
    return any(other is not None and ("new", line) in _touched(other) for other, line in cited)


def _reason(finding: Finding, change: Change, thresholds: Thresholds, dismissed: Set[str]) -> str:
    if finding.fingerprint and finding.fingerprint in dismissed:
        return "dismissed earlier"
    if not brought(finding, change):
        return "pre-existing"
    if not finding.proof:
        return "unverified"
    if reason := noise(finding):
        return reason
    if finding.severity < thresholds.min_severity:
        return "low severity"
    return "low confidence" if finding.confidence < thresholds.min_confidence else ""


def _touched(file: ChangedFile) -> frozenset[tuple[str, int]]:
    """Changed lines by side. Where lines are gone, those around them are touched too: a check may be missing there."""
    touched = {("old", line) for line in file.changed("old")} | {("new", line) for line in file.changed("new")}
    for hunk in file.hunks:
        pairs = chain(zip(hunk.lines, hunk.lines[1:], strict=False), zip(hunk.lines[1:], hunk.lines, strict=False))
        touched |= {("new", line.new) for line, beside in pairs if line.kind == " " and beside.kind == "-"}
    return frozenset(touched)


def _symbol_changed(symbol: str, file: ChangedFile) -> bool:
    """Whether a hunk lies in the symbol: git names it in the heading, or its name stands in the hunk."""
    name = re.split(r"\W+", symbol.strip().rstrip("()"))[-1]
    if not name:
        return False
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any(word.search(hunk.heading) or any(word.search(line.text) for line in hunk.lines) for hunk in file.hunks)


def _rank(finding: Finding) -> tuple[object, ...]:
    proven = finding.proof == "ran"
    return (-finding.severity, -finding.confidence, not proven, finding.path, finding.first, finding.claim)
