"""Findings as commands in the log of a GitHub runner, which shows them at their lines without any token."""

from collections import Counter

from kimicode.review.findings import Finding, Review, Severity
from kimicode.review.prose import Gate
from kimicode.review.render import words
from kimicode.review.shown import plain

MOST = 10
"""Of each level that GitHub shows for one step."""
_LONGEST = 1_000
_WITHHELD = "its text was withheld"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}


def lines(review: Review, gate: Gate | None = None) -> list[str]:
    """A line for each finding, as many as are shown, and a last one that says what was found in all.

    A finding that `gate` does not let through is told without its words: people see these lines as the bot's own.
    """
    shown = Counter[str]()
    told = []
    for finding in review.findings:
        level = _LEVELS[finding.severity]
        shown[level] += 1
        if shown[level] <= MOST:
            told.append(_command(level, finding, gate is None or gate.lets(finding)))
    more = len(review.findings) - len(told)
    found = f"{words.count(len(review.findings), 'fault')} found in {words.extent(review)}"
    if not review.findings or review.state == "failed":
        found = " ".join(plain(words.nothing_found(review)).split())[:_LONGEST]
    rest = f", {more} of them not shown at their lines" if more else ""
    return [*told, words.sentence(f"{found}{rest}")]


def _command(level: str, finding: Finding, told: bool) -> str:
    title, text = finding.claim, finding.scenario or finding.claim
    if not told or not finding.claim:
        title, text = _WITHHELD, f"A finding about {finding.category} at this line."
    place = {"file": finding.path}
    if finding.side == "new":  # the runner knows no other side
        place |= {"line": str(finding.first), "endLine": str(finding.last)}
    properties = place | {"title": f"{finding.severity.label}: {title}"}
    return f"::{level} {','.join(f'{name}={_property(value)}' for name, value in properties.items())}::{_data(text)}"


def _data(text: str) -> str:
    text = plain(text)[:_LONGEST]
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
