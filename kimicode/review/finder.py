"""Finders: agents that read a part of a change, each for one class of faults, and report what they can show."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from kimicode.errors import ToolError, UsageError
from kimicode.review import prompt
from kimicode.review.allowance import Metered
from kimicode.review.briefing import briefing
from kimicode.review.change import Change
from kimicode.review.findings import Category, Finding
from kimicode.review.parts import Part
from kimicode.review.report import CATEGORIES, Report
from kimicode.review.rules import Rules
from kimicode.review.scope import Kind, kind_of
from kimicode.review.spoken import reports_in, speaks_of_faults
from kimicode.review.texts import Texts
from kimicode.review.workroom import Done, Task, Workroom
from kimicode.tools.submit import Submit

ALL = "all"
KINDS: tuple[str, ...] = CATEGORIES
Effort = Literal["low", "medium", "high"]
ROUNDS: dict[Effort, int] = {"low": 1, "medium": 1, "high": 2}
STEPS = 30
_AT_THE_SAME_TIME = re.compile(
    r"async|await|thread|\block|lock\b|mutex|semaphore|atomic|volatile|synchron|concurren|parallel|multiprocess|subprocess"
    r"|\bfork\b|queue|\bchan\b|\bgo func|goroutine|\bfuture|promise|settimeout|setinterval|worker|\bsignal|callback"
    r"|\bonce\b|\bglobal\b|cache|\bshared|transaction|\bpool",
    re.IGNORECASE,
)
"""Words of which code has at least one that something else can come in between."""


@dataclass(frozen=True, slots=True)
class Look:
    """One finder's work: a class of faults in a part."""

    number: int
    kind: str
    part: Part

    @property
    def id(self) -> str:
        return f"finder-{self.number}-{self.kind}"


def kinds_of(effort: Effort, wanted: Sequence[str]) -> tuple[str, ...]:
    """The classes to look for. Raises UsageError for one that is not known."""
    if unknown := [kind for kind in wanted if kind not in (*KINDS, ALL)]:
        raise UsageError(f"there is no finder {unknown[0]!r}", hint=f"There are: {', '.join((*KINDS, ALL))}.")
    return tuple(wanted) or ((ALL,) if effort == "low" else KINDS)


def looks(parts: Sequence[Part], kinds: Sequence[str], rounds: int) -> list[Look]:
    """The work of all finders in its order: a class for every part before the next one, the likeliest class first.

    What cannot matter is left out: tests where none changed, order and time where nothing speaks of it.
    """
    numbers = count(1)
    return [
        Look(next(numbers), kind, part)
        for _ in range(rounds)
        for kind in kinds
        for part in parts
        if _matters(kind, part)
    ]


def _matters(kind: str, part: Part) -> bool:
    tests = any(kind_of(file.file.path) is Kind.TESTS for file in part.files)
    if kind == "tests":
        return tests
    if kind == "concurrency":
        return any(_AT_THE_SAME_TIME.search(line.text) for file in part.files for line in file.lines)
    return kind == ALL or not tests or any(kind_of(file.file.path) is not Kind.TESTS for file in part.files)


async def look(
    work: Look, room: Workroom, model: Metered, change: Change, rules: Rules, texts: Texts
) -> tuple[Done, tuple[Finding, ...]]:
    """What one finder reports. Raises nothing."""
    report = Report(change, texts, _category(work.kind), work.kind, room.redact)

    async def missing(answer: str) -> str:
        if report.found:
            return ""
        refusals = await asyncio.to_thread(_take, report, answer)
        if report.found or not (refusals or speaks_of_faults(answer)):
            return ""
        return "\n".join([*refusals[:1], prompt.text("report-missing")])

    task = Task(
        work.id,
        "finder",
        work.kind,
        work.part.name,
        prompt.text("finder"),
        f"{briefing(change, work.part, rules)}\n{prompt.text(f'finder-{work.kind}')}",
        STEPS,
        (report, Submit()),
        missing,
    )
    done = await room.work(task, model)
    return done, tuple(report.found)


def _take(report: Report, answer: str) -> list[str]:
    """Take reports that were written as text; returns why some cannot be."""
    files, refusals = report.change.files, []
    for arguments in reports_in(answer, files[0].path if len(files) == 1 else ""):
        try:
            report.keep(report.finding_of(arguments))
        except ToolError as refusal:
            refusals.append(str(refusal))
    return refusals


def _category(kind: str) -> Category | Literal[""]:
    return next((category for category in CATEGORIES if category == kind), "")
