"""Words that every rendering shares: how many of what, how long, for how much."""

from collections import Counter
from collections.abc import Iterable

from kimicode.review.findings import Finding, Review, Severity

_MOST_REASONS = 3


def count(number: int, noun: str) -> str:
    """ "1 file", "1,200 files"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(parts: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *most, last = parts = list(parts) or [""]
    return f"{', '.join(most)} and {last}" if len(parts) > 1 else last


def severities(findings: Iterable[Finding]) -> str:
    """ "1 critical, 2 medium", the worst first."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(f"{counts[severity]} {severity.label}" for severity in reversed(Severity) if counts[severity])


def nothing_found(review: Review) -> str:
    """What is said of a review without findings, as a clause: "no faults" only of what was read."""
    if review.state == "failed":
        return "this change could not be reviewed"
    if not review.files:
        return f"nothing was reviewed: {_why_nothing(review)}"
    faults = "no new faults" if review.dropped.get("reported earlier") else "no faults"
    if review.state == "partial":
        return f"{faults} found in what was read: {extent(review)}"
    return f"{faults} found in {extent(review)}"


def _why_nothing(review: Review) -> str:
    reasons = list(dict.fromkeys(one.why for one in review.unread))
    if reasons:
        more = "; and other reasons" if len(reasons) > _MOST_REASONS else ""
        return f"{count(len(review.unread), 'file')} left out ({'; '.join(reasons[:_MOST_REASONS])}{more})"
    return "no code came since the last review" if review.since else "there is no code in this change"


def sentence(clause: str) -> str:
    """With a capital and a stop."""
    return f"{clause[:1].upper()}{clause[1:]}."


def extent(review: Review) -> str:
    """ "3 files, 120 changed lines"."""
    return f"{count(review.files, 'file')}, {count(review.lines, 'changed line')}"


def cost(review: Review) -> str:
    """ "kimi-k2.6, 41 s, $0.03", as far as it is known."""
    price = amount(review.usage.price)
    return ", ".join(filter(None, (review.model, duration(review.duration_s), f"${price}" if price else "")))


def duration(seconds: float) -> str:
    """ "41 s", "2 min 5 s"; "" for less than one."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s" if rest else ""


def amount(price: float | None) -> str:
    """Dollars, with as many digits as say something: "0.03", "0.004"; "" where it is unknown or nothing."""
    if not price:
        return ""
    return f"{price:,.2f}" if price >= 0.01 else f"{price:.1g}" if price >= 0.0001 else "0.0001"
