"""Findings that stand in the summary's table alone, carried over into the next summary while their code stands.

A row ends with a hidden mark that tells its code again, and the row's words are read back from the row itself. They
count in the bot's own summary alone, and whoever reads them lets them pass the gates again.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import cast

from kimicode.review import anchors
from kimicode.review.change import ChangedFile, Side
from kimicode.review.findings import Category, Finding, Severity
from kimicode.review.fingerprint import fingerprint

MOST_LINES = 99
"""Flagged lines of a finding that is carried over."""

_MARK = re.compile(
    r"<!-- kimicode-review:1 row=(?P<row>[0-9a-f]{16}) file=(?P<file>[0-9a-f]{16}) code=(?P<code>[0-9a-f]{16})"
    r" at=(?P<side>old|new):(?P<first>[1-9][0-9]{0,8})\+(?P<lines>[1-9][0-9]?)"
    r" severity=(?P<severity>low|medium|high|critical)"
    r" category=(?P<category>correctness|security|concurrency|api|tests) claim=(?P<claim>[0-9]{1,3}) -->"
)
_CELL_END = re.compile(r"(?<!\\)\|")
_PIPES = 4
"""In a row of three cells."""
_AFTER_CLAIM = ". "


def mark(files: Sequence[ChangedFile], finding: Finding, claim: int) -> str:
    """The hidden end of its row, whose text begins with a claim of so many characters.

    "" where the diff does not show the finding's lines: then nobody could tell later whether they still stand.
    """
    anchor = anchors.place(files, finding) if finding.fingerprint else None
    file = anchors.named(files, anchor.path, "new") if anchor else None
    if anchor is None or file is None or anchor.line - anchor.first >= MOST_LINES:
        return ""
    lines = anchor.line - anchor.first + 1
    code = _code(file, _shown(file, anchor.side), anchor.first, lines, finding.category)
    return (
        f"<!-- kimicode-review:1 row={finding.fingerprint} file={_name(file.path_on(anchor.side))} code={code}"
        f" at={anchor.side}:{anchor.first}+{lines} severity={finding.severity.label} category={finding.category}"
        f" claim={claim} -->"
    )


def read(summary: str, files: Sequence[ChangedFile]) -> tuple[Finding, ...]:
    """The marked rows of a summary of the bot's own whose lines the diff still shows, at the places that they have now.

    Their claims and scenarios are text in Markdown, and nothing more is known of them.
    """
    rows = filter(None, (_finding(line, files) for line in summary.split("\n")))
    return tuple({row.fingerprint: row for row in rows}.values())


def _finding(line: str, files: Sequence[ChangedFile]) -> Finding | None:
    cells = _CELL_END.split(line.strip())
    text, opening, rest = cells[-2].rpartition("<!--") if len(cells) == _PIPES + 1 else ("", "", "")
    row = _MARK.fullmatch(f"{opening}{rest}".strip())
    if row is None:
        return None
    side = cast("Side", row["side"])
    file = next((file for file in files if _name(file.path_on(side)) == row["file"]), None)
    first = _place(file, row) if file else 0
    if file is None or not first:
        return None
    text, claim = text.strip().replace("\\|", "|"), int(row["claim"])
    return Finding(
        path=file.path,
        side=side,
        first=first,
        last=first + int(row["lines"]) - 1,
        symbol="",
        category=cast("Category", row["category"]),
        severity=Severity[row["severity"].upper()],
        confidence=0.0,
        claim=text[:claim],
        scenario=text[claim:].removeprefix(_AFTER_CLAIM) if claim else "",
        fingerprint=row["row"],
    )


def _place(file: ChangedFile, row: re.Match[str]) -> int:
    """The line at which the same code begins now, the nearest one to where it was; 0 where it is gone."""
    side, lines, category = cast("Side", row["side"]), int(row["lines"]), cast("Category", row["category"])
    shown = _shown(file, side)
    starts = sorted(shown, key=lambda number: abs(number - int(row["first"])))
    same = (start for start in starts if _code(file, shown, start, lines, category) == row["code"])
    return next(same, 0)


def _shown(file: ChangedFile, side: Side) -> Mapping[int, str]:
    return {line.number(side): line.text for line in file.lines() if line.number(side)}


def _code(file: ChangedFile, shown: Mapping[int, str], first: int, lines: int, category: Category) -> str:
    code = [shown[number] for number in range(first, first + lines) if number in shown]
    return fingerprint(file.path, "", category, code)


def _name(path: str) -> str:
    """A path that nobody can read: its author chose it."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
