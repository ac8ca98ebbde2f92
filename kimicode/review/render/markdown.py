"""What the bot posts, in Markdown. The words of a model come in through `prose` alone; the markup is ours.

It expects findings that were vetted: one without a claim is told by its place, without words.
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from kimicode.review.findings import Finding, Review, Unread
from kimicode.review.prose import clean, code, place
from kimicode.review.render import words
from kimicode.review.shown import plain

Dialect = Literal["github", "gitlab"]
Mark = Callable[[Finding, int], str]
"""The hidden end of a finding's row, by which it is known again; its text begins with a claim of so many characters."""

MOST_TEXT = 60_000
"""Characters of anything here: GitHub takes 65,536, and marks are put before it."""
MOST_ROWS, MOST_UNREAD, MOST_NOTES, MOST_CITED = 30, 20, 5, 10
MOST_TABLE = 30_000
"""Characters of all rows."""
MOST_SUGGESTED, MOST_SUGGESTED_TEXT = 12, 2_000
"""Lines that can be judged at a glance, and their characters."""
_CLAIM, _SCENARIO, _WHY, _NOTE, _CELL = 200, 1_200, 800, 300, 300
_COMMAND = 160
_SLASH = re.compile(r"^\s*/[a-z_]", re.MULTILINE | re.IGNORECASE)
_OFFERED = re.compile(r"^(`{3,})suggestion\S*$", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def comment(finding: Finding, *, at: tuple[int, int] | None = None, dialect: Dialect = "github") -> str:
    """One finding at its line. `at` are the lines that the comment stands on, without which nothing is suggested."""
    claim = clean(finding.claim, limit=_CLAIM)
    if not claim:
        return f"{_withheld(finding)}."
    parts = (
        f"**{finding.severity.label.capitalize()}: {claim}**",
        clean(finding.scenario, limit=_SCENARIO, paragraphs=True),
        _suggested(finding, at, dialect) if at else "",
        _folded("How this was checked", _checked(finding)),
    )
    return "\n\n".join(filter(None, parts))


def fixed(text: str, commit: str) -> str:
    """A comment of ours, given without its mark, once its finding is gone; what it suggested is no offer any more."""
    told = f"Fixed as of {code(commit[:10])}."
    before = _OFFERED.sub(r"\1", text.strip())
    whole = "\n\n".join(filter(None, (told, _folded("What was found", before))))
    return whole if len(whole) <= MOST_TEXT else told


def _unmarked(finding: Finding, claim: int) -> str:
    return ""


def summary(
    review: Review,
    inline: Sequence[Finding],
    rest: Sequence[Finding],
    *,
    carried: Sequence[Finding] = (),
    before: int = 0,
    fixed: int = 0,
    mark: Mark = _unmarked,
) -> str:
    """The bot's one summary. `inline` have comments, `rest` have none, as have those `carried` over from earlier ones.

    `before` counts open comments of earlier reviews, `fixed` those findings that this change has done away with.
    """
    found, rows = [*inline, *rest], [*rest, *carried]
    if found and review.state != "failed":
        head = f"**{words.count(len(found), 'fault')} found** in {words.extent(review)}: {words.severities(found)}."
    else:
        head = clean(words.sentence(words.nothing_found(review)), limit=_NOTE)
    before += len(carried)
    earlier = [f"{words.count(before, 'earlier finding')} still open"] if before else []
    earlier += [f"{words.count(fixed, 'earlier finding')} fixed"] if fixed else []
    parts = (
        f"{head} {words.listed(earlier).capitalize()}." if earlier else head,
        *(clean(note, limit=_NOTE) for note in review.notes[:MOST_NOTES]),
        _folded(f"{words.count(len(rows), 'finding')} without a comment", _table(rows, mark)) if rows else "",
        _folded(f"Not reviewed: {words.count(len(review.unread), 'file')}", _unread(review.unread)),
        f"<sub>{_footer(review, bool(inline))}</sub>",
    )
    return "\n\n".join(filter(None, parts))


def _fence(lines: Sequence[str], language: str) -> str:
    """Lines in a fence that they cannot close."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def _withheld(finding: Finding) -> str:
    return f"A {finding.severity.label} {_KINDS[finding.category]} finding whose text was withheld"


_KINDS = {
    "correctness": "correctness",
    "security": "security",
    "concurrency": "concurrency",
    "api": "API",
    "tests": "test",
}


def _suggested(finding: Finding, at: tuple[int, int], dialect: Dialect) -> str:
    """The forge's own block that a person can apply; "" where it would not replace exactly what is meant."""
    suggestion = finding.suggestion
    if suggestion is None or finding.side == "old":
        return ""
    text = suggestion.text.replace("\r\n", "\n")
    lines = text.split("\n") if text else []
    if len(lines) > MOST_SUGGESTED or len(text) > MOST_SUGGESTED_TEXT or _CONTROL.search(text) or plain(text) != text:
        return ""
    if dialect == "github":
        return _fence(lines, "suggestion") if at == (suggestion.first, suggestion.last) else ""
    # GitLab looks for commands at the beginnings of lines, in some fences too.
    if _SLASH.search(text) or "```" in text or not suggestion.first <= at[1] <= suggestion.last:
        return ""
    return _fence(lines, f"suggestion:-{at[1] - suggestion.first}+{suggestion.last - at[1]}")


def _checked(finding: Finding) -> str:
    """Why it is so, and the command that showed it. What it printed is not repeated: anybody may have written that."""
    why, _, shown = finding.evidence.partition("\n\n$ ")
    command = shown.partition("\n")[0]
    cited = list(dict.fromkeys(place(citation.path, citation.line) for citation in finding.citations))[:MOST_CITED]
    parts = (
        clean(why, limit=_WHY, paragraphs=True),
        f"It was run: {code(command, limit=_COMMAND)}" if finding.proof == "ran" and code(command) else "",
        f"Code: {', '.join(cited)}" if cited else "",
    )
    return "\n\n".join(filter(None, parts))


def _folded(title: str, body: str) -> str:
    """`title` is ours."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>" if body else ""


def _table(findings: Sequence[Finding], mark: Mark) -> str:
    rows: list[str] = []
    for finding in findings[:MOST_ROWS]:
        row = _row(finding, mark)
        if sum(map(len, rows)) + len(row) <= MOST_TABLE:
            rows.append(row)
    more = len(findings) - len(rows)
    table = "\n".join(["| Severity | Where | What |", "| --- | --- | --- |", *rows])
    return f"{table}\n\nand {more} more" if more else table


def _row(finding: Finding, mark: Mark) -> str:
    claim, scenario = clean(finding.claim, limit=_CLAIM).rstrip("."), clean(finding.scenario, limit=_CELL)
    cells = (
        finding.severity.label,
        place(finding.path, finding.first) + (" (removed)" if finding.side == "old" else ""),
        ". ".join(filter(None, (claim, scenario))) if claim else _withheld(finding),
    )
    shown = " | ".join(cell.replace("|", _PIPE) for cell in cells)
    return f"| {' '.join(filter(None, (shown, mark(finding, len(claim)))))} |"


_PIPE = "\\|"


def _unread(unread: Sequence[Unread]) -> str:
    lines = [f"- {place(one.path)}: {clean(one.why, limit=_NOTE)}" for one in unread[:MOST_UNREAD]]
    more = [f"- {words.count(len(unread) - len(lines), 'more file')}"] if len(unread) > len(lines) else []
    return "\n".join([*lines, *more])


def _footer(review: Review, commented: bool) -> str:
    price = words.amount(review.usage.price)
    # No dollar sign: forges take it for mathematics or for a reference.
    cost = (code(review.model), words.duration(review.duration_s), f"{price} USD" if price else "")
    since = review.since or review.base
    seen = f"Reviewed {code(since[:10])} to {code(review.head[:10])}" if since and review.head else "Reviewed"
    by = ", ".join(filter(None, ("by kimicode", *cost)))
    dismiss = (
        f" To dismiss a finding, resolve its thread, or reply {code('/dismiss')} or “won’t fix”." if commented else ""
    )
    return f"{seen} {by}.{dismiss}"
