"""Verifiers: agents that take one claim each and try to refute it. What they cannot show does not count.

They are told the claim and the code, and nothing that its author says about it.
"""

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kimicode.displays import CommandRun
from kimicode.errors import KimicodeError, ToolError
from kimicode.event import Event
from kimicode.events import ToolCompleted
from kimicode.review import prompt
from kimicode.review.allowance import Metered
from kimicode.review.change import ChangedFile, Side
from kimicode.review.excerpts import Sheet
from kimicode.review.findings import Finding
from kimicode.review.forges.forge import Thread
from kimicode.review.listing import barred, listed, named
from kimicode.review.progress import OnReview
from kimicode.review.shown import shown
from kimicode.review.source import Source
from kimicode.review.spoken import verdict_in
from kimicode.review.texts import Texts
from kimicode.review.trial import trial
from kimicode.review.verdict import Judgement, Ruling, Verdict
from kimicode.review.workroom import Done, Missing, Task, Workroom

AROUND = 40
"""Lines of the file on both sides of what is claimed to be wrong."""
LONGEST_COMMENT = 3_000
STEPS, STEPS_RUNNING = 16, 24


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim and what became of it; `ruling` "" where its verifier reached none."""

    finding: Finding
    ruling: Ruling | Literal[""]
    done: Done


@dataclass(frozen=True, slots=True)
class Verifier:
    """Makes an agent for each claim. `running`: it may run commands in a copy of the tree, in the sandbox."""

    room: Workroom
    model: Metered
    source: Source
    texts: Texts
    running: bool

    async def check(self, finding: Finding, number: int) -> Checked:
        """Whether a claim holds. Raises nothing."""
        lines = str(finding.first) if finding.first == finding.last else f"{finding.first}-{finding.last}"
        removed = " (removed lines)" if finding.side == "old" else ""
        told = [
            *barred("claim", finding.claim),
            *barred("scenario", finding.scenario),
            f"It points at {named(finding.path)}, line {lines}{removed}. The code there:",
            *await asyncio.to_thread(self._code, finding.path, finding.side, finding.first, finding.last),
        ]
        verdict = Verdict(self.texts, self.room.redact)
        task = Task(
            f"verifier-{number}",
            "verifier",
            finding.category,
            f"{finding.path}:{finding.first}",
            prompt.text("verifier"),
            "\n".join(told),
            STEPS,
            (verdict,),
            _verdict_of(verdict),
            heard=_heard_by(verdict),
        )
        done = await (self._run(task) if self.running else self.room.work(task, self.model))
        made = verdict.judgement
        return Checked(finding, "", done) if made is None else Checked(_judged(finding, made), made.ruling, done)

    async def is_fixed(self, thread: Thread, number: int) -> bool:
        """Whether the fault that a thread is about is gone; in doubt it is not. Raises nothing."""
        ours = next((said.text for said in thread.said if said.mine), "")
        now = f", now line {thread.line}" if thread.line else ""
        told = [
            *barred("comment", shown(ours, LONGEST_COMMENT)),
            f"It was made at {named(thread.path)}{now}. The code there:",
            *await asyncio.to_thread(self._code, thread.path, "new", thread.line, thread.line),
        ]
        verdict = Verdict(self.texts, self.room.redact, always=True)
        task = Task(
            f"fixed-{number}",
            "verifier",
            "fixed",
            thread.path,
            prompt.text("fixed"),
            "\n".join(told),
            STEPS,
            (verdict,),
            _verdict_of(verdict),
        )
        await self.room.work(task, self.model)
        return verdict.judgement is not None and verdict.judgement.ruling == "not real"

    async def _run(self, task: Task) -> Done:
        """Let it work in a copy of its own, where one can be had."""
        try:
            async with trial(self.room.tree, self.source.after, self.room.redact) as place:
                if place is not None:
                    system = f"{task.system}\n\n{prompt.text('verifier-running')}"
                    task = dataclasses.replace(task, system=system, steps=STEPS_RUNNING, trial=place)
                return await self.room.work(task, self.model)
        except KimicodeError as error:
            return Done("failed", why=error.message, error=error)

    def _code(self, path: str, side: Side, first: int, last: int) -> list[str]:
        """The changed file around these lines; without a line, around all that changed in it."""
        file = file_of(path, self.source.change.files)
        if file is None:
            return []
        sheet = Sheet.of(file, self.texts.lines(file.path, "new"))
        flagged = [at for at, line in enumerate(sheet.lines) if first <= line.number(side) <= last and first]
        changed = [at for at, line in enumerate(sheet.lines) if line.kind != " "]
        near = flagged or changed
        places = range(max(0, min(near) - AROUND), min(len(sheet.lines), max(near) + AROUND + 1)) if near else range(0)
        return listed(sheet.lines, places[: 6 * AROUND])


def file_of(path: str, files: Sequence[ChangedFile]) -> ChangedFile | None:
    """The changed file of this name, or else the one that had it before."""
    named_so = [file for file in files if file.path == path]
    return next(iter([*named_so, *(file for file in files if file.old_path == path)]), None)


def _judged(finding: Finding, made: Judgement) -> Finding:
    """The finding as its verifier sees it."""
    return dataclasses.replace(
        finding,
        severity=finding.severity if made.severity is None else made.severity,
        confidence=made.confidence,
        citations=made.citations,
        proof=made.proof,
        evidence=made.evidence,
    )


def _verdict_of(verdict: Verdict) -> Missing:
    """A verdict in words counts like a call; one that cannot stand is asked for again, with the reason."""

    async def missing(answer: str) -> str:
        if verdict.judgement is not None:
            return ""
        written = verdict_in(answer)
        try:
            verdict.judgement = await asyncio.to_thread(verdict.judged, written) if written else None
        except ToolError as refusal:
            return f"{refusal}\n{prompt.text('verdict-missing')}"
        return "" if verdict.judgement else prompt.text("verdict-missing")

    return missing


def _heard_by(verdict: Verdict) -> OnReview:
    """What ran is known from the records, not from what the model says of it."""

    def heard(event: Event) -> None:
        if isinstance(event, ToolCompleted) and isinstance(run := event.display, CommandRun) and not run.read_only:
            verdict.ran.append(run)

    return heard
