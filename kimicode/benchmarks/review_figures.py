"""What a run over the review set amounts to: precision, recall, comments per change, cost; and all of it as a table.

Everything false counts against precision, a fault that the package had before as well: it is a lower bound.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from kimicode.benchmarks.review_attempt import Attempt
from kimicode.benchmarks.review_set import Case

Pairs = Sequence[tuple[Case, Attempt]]

HEAD = (
    "| | Changes | Bugs found | Recall | Precision | F1 | Comments per change | Harmless with a comment |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over some cases; rates are None where nothing could be counted."""

    changes: int
    bugs: int
    found: int
    false: int
    repeated: int
    harmless: int
    disturbed: int
    """Harmless changes that got a comment."""
    incomplete: int
    """Reviews that a limit or an error ended; what they found counts, what they missed as well."""

    @property
    def recall(self) -> float | None:
        return _share(self.found, self.bugs)

    @property
    def precision(self) -> float | None:
        return _share(self.found, self.found + self.false)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall."""
        return _share(2 * self.found, self.bugs + self.found + self.false)

    @property
    def comments(self) -> float | None:
        """For each change."""
        return _share(self.found + self.false + self.repeated, self.changes)

    @property
    def noise(self) -> float | None:
        """The share of harmless changes with a comment."""
        return _share(self.disturbed, self.harmless)


def figures(pairs: Pairs) -> Figures:
    """Count."""
    bugs = [attempt for case, attempt in pairs if not case.harmless]
    harmless = [attempt for case, attempt in pairs if case.harmless]
    return Figures(
        changes=len(pairs),
        bugs=len(bugs),
        found=sum(attempt.count("hit") > 0 for attempt in bugs),
        false=sum(attempt.count("false") for _, attempt in pairs),
        repeated=sum(attempt.count("repeat") for attempt in bugs),
        harmless=len(harmless),
        disturbed=sum(bool(attempt.findings) for attempt in harmless),
        incomplete=sum(attempt.state != "complete" for _, attempt in pairs),
    )


def groups(pairs: Pairs) -> dict[str, Figures]:
    """Figures for all cases and, by name, for their halves, languages and kinds of bugs."""
    ways: tuple[Callable[[Case], str], ...] = (
        lambda case: case.half,
        lambda case: case.package.language,
        lambda case: case.category or "",
    )
    found = {"all": figures(pairs)}
    for way in ways:
        for name in sorted({way(case) for case, _ in pairs} - {""}):
            found[name] = figures([(case, attempt) for case, attempt in pairs if way(case) == name])
    return found


def table(pairs: Pairs) -> str:
    """The figures as Markdown, and below them what it cost."""
    rows = [_row(name, one) for name, one in groups(pairs).items()]
    return "\n".join([HEAD, *rows, "", cost(pairs)])


def cost(pairs: Pairs) -> str:
    """One line: tokens, seconds and dollars of a change on average, and how many reviews did not end by themselves."""
    if not pairs:
        return "nothing was reviewed"
    attempts = [attempt for _, attempt in pairs]
    prices = [attempt.usage.price for attempt in attempts if attempt.usage.price is not None]
    price = f"{sum(prices) / len(attempts):.4f} dollars" if prices else "an unknown price"
    tokens = fmean(attempt.usage.input_tokens for attempt in attempts)
    written = fmean(attempt.usage.output_tokens for attempt in attempts)
    seconds = fmean(attempt.seconds for attempt in attempts)
    broken = sum(attempt.state != "complete" for attempt in attempts)
    return (
        f"A change took {tokens:,.0f} tokens in, {written:,.0f} out, {seconds:.0f} s and {price} on average; "
        f"{broken} of {len(attempts)} reviews are not complete."
    )


def interval(part: int, whole: int) -> tuple[float, float]:
    """Where a share lies with 95 % certainty: Wilson's score interval (1927), z = 1.96. (0, 1) of nothing."""
    if not whole:
        return 0.0, 1.0
    z, share = 1.96, part / whole
    middle = share + z * z / (2 * whole)
    reach = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    scale = 1 + z * z / whole
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def _row(name: str, one: Figures) -> str:
    recall = _percent(one.recall, one.found, one.bugs)
    precision = _percent(one.precision, one.found, one.found + one.false)
    noise = _percent(one.noise, one.disturbed, one.harmless)
    f1 = "" if one.f1 is None else f"{one.f1:.2f}"
    comments = "" if one.comments is None else f"{one.comments:.2f}"
    cells = [name, one.changes, f"{one.found} of {one.bugs}", recall, precision, f1, comments, noise]
    return f"| {' | '.join(map(str, cells))} |"


def _percent(share: float | None, part: int, whole: int) -> str:
    if share is None:
        return ""
    low, high = interval(part, whole)
    return f"{100 * share:.0f} % ({100 * low:.0f}-{100 * high:.0f})"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
