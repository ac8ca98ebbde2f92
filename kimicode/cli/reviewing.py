"""A review from the command line: signals, progress, output, and what the process returns."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.agent.budget import Limits
from kimicode.agent.place import absolute
from kimicode.cli.commit import say
from kimicode.cli.review_interrupts import Interrupts
from kimicode.cli.review_last import keep
from kimicode.cli.review_progress import ReviewProgress
from kimicode.cli.review_source import Opened, failed, opened
from kimicode.config.load import Loaded, load
from kimicode.config.schema import ReviewSettings
from kimicode.errors import DiskError, ExitCode, KimicodeError
from kimicode.events import Notice
from kimicode.llm.reach import reachable
from kimicode.review import document
from kimicode.review.change import Side
from kimicode.review.findings import Review, Severity
from kimicode.review.prose import Gate
from kimicode.review.render import annotations, sarif, text
from kimicode.review.reviewer import Wish, review
from kimicode.review.selection import Thresholds
from kimicode.review.source import Source
from kimicode.workspace import atomic

WIDEST = 110


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for. `tuned` holds fields of ReviewSettings, None where not given."""

    folder: Path | None
    pr: str
    commits: str
    staged: bool
    worktree: bool
    gathered: Path | None
    form: str
    out: Path | None
    fail_on: str
    post: bool
    sure: bool
    trace: Path | None
    progress: bool
    quiet: bool
    flags: Mapping[str, Any]
    tuned: Mapping[str, Any]


def execute(asked: Asked) -> int:
    """Review and print; returns the exit code. Raises KimicodeError where there is nothing to print."""
    try:
        return asyncio.run(_interruptible(asked))
    except KimicodeError:
        if asked.gathered is not None and asked.form == "json" and asked.out is not None:
            _own_up(asked.gathered, asked.out)
        raise


async def _interruptible(asked: Asked) -> int:
    progress = ReviewProgress(live=asked.progress, quiet=asked.quiet)
    interrupts = Interrupts(progress)
    try:
        return await _review(asked, progress, interrupts)
    except (asyncio.CancelledError, KimicodeError):
        if not interrupts.code:
            raise
        return interrupts.code  # before there was a review; a command that was killed has its own words for it


async def _review(asked: Asked, progress: ReviewProgress, interrupts: Interrupts) -> int:
    folder = absolute(asked.folder or Path())
    loaded = load(asked.flags, cwd=folder, environ=os.environ)
    for warning in loaded.warnings:
        say(warning)
    tuned = settings_of(loaded, asked.tuned)
    async with AsyncExitStack() as stack:
        stack.callback(progress.close)
        ticking = asyncio.create_task(_tick(progress))
        stack.callback(ticking.cancel)
        source = await opened(asked, folder, stack, progress)
        if not source.source.change.files:
            return _nothing(asked, source, tuned)
        settings = await stack.enter_async_context(reachable(loaded, progress.say, _shown(progress)))
        wish = Wish(
            settings,
            Limits(steps=None, tokens=tuned.max_tokens, price=tuned.max_price, seconds=tuned.time_limit),
            Thresholds(Severity[tuned.min_severity.upper()], tuned.min_confidence),
            effort=tuned.effort,
            earlier=source.earlier,
            run=tuned.run and not source.foreign,
            at_once=tuned.at_once,
            trace=asked.trace,
        )
        result = await interrupts.end(review(wish, source.source, emit=progress.show))
        ticking.cancel()
        progress.close()
        try:
            _print(asked, result, source, tuned)
        finally:
            _kept(source, result)
        if asked.post and not interrupts.code:
            interrupts.leave()
            await source.post(result, tuned.max_comments, sure=asked.sure)
    return interrupts.code or outcome(result, asked.fail_on)


def _own_up(gathered: Path, out: Path) -> None:
    """Leave a review that says that there is none: where nothing is posted, people read "nothing found"."""
    with suppress(KimicodeError, OSError):  # what went wrong before it is what is told
        atomic.put(absolute(out), document.dump(failed(gathered)).encode())


def _nothing(asked: Asked, source: Opened, tuned: ReviewSettings) -> int:
    """An empty change; a program that reads the review gets an empty one."""
    print(f"Nothing to review: {source.nothing}.", file=sys.stderr)
    if asked.form != "text" or asked.out is not None:
        change = source.source.change
        _print(asked, Review(change.base, change.head, "complete", ()), source, tuned)
    return int(ExitCode.FINISHED)


def _kept(source: Opened, result: Review) -> None:
    """Remember it for `--fix`, if it is of the folder at hand and of some use."""
    if not source.here or result.state == "failed":
        return
    try:
        keep(source.source, result)
    except DiskError as error:  # it was told, and what it found decides the exit code
        say(f"`--fix` will not know this review: {error.message}")


def settings_of(loaded: Loaded, tuned: Mapping[str, Any]) -> ReviewSettings:
    """The settings of reviews, with the command line's in front."""
    given = {name: value for name, value in tuned.items() if value is not None}
    return loaded.settings.review.model_copy(update=given)


def outcome(result: Review, fail_on: str) -> int:
    """What the process returns: findings as bad as `fail_on` come before a limit that ended the review."""
    if fail_on and any(finding.severity >= Severity[fail_on.upper()] for finding in result.findings):
        return int(ExitCode.FINDINGS)
    if result.state == "failed":
        return int(ExitCode.INFRASTRUCTURE)
    return int(ExitCode.LIMIT if result.state == "partial" else ExitCode.FINISHED)


def _print(asked: Asked, result: Review, source: Opened, tuned: ReviewSettings) -> None:
    shown = _rendered(asked, result, source, tuned)
    if asked.out is None:
        sys.stdout.write(shown)
        sys.stdout.flush()
        return
    try:
        atomic.put(absolute(asked.out), shown.encode("utf-8", "backslashreplace"))
    except OSError as error:
        sys.stdout.write(shown)  # a review costs money: what it found is not lost with the disk
        raise DiskError.from_os("write the review to", asked.out, error) from error


def _rendered(asked: Asked, result: Review, source: Opened, tuned: ReviewSettings) -> str:
    match asked.form:
        case "json":
            return document.dump(result)
        case "sarif":
            return json.dumps(sarif.sarif(result), indent=1) + "\n"
        case "github":
            gate = Gate.of(source.source.change)  # a job shows them in the pull request
            return "".join(f"{line}\n" for line in annotations.lines(result, gate))
    seen = sys.stdout.isatty() and asked.out is None
    width = min(os.get_terminal_size(sys.stdout.fileno()).columns or 80, WIDEST) if seen else 100
    color = seen and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    lines = text.lines(result, _reader(source.source), width, color)
    if result.findings and seen and source.here:
        lines = ["", *lines, "", "To have one mended: kimicode review --fix N"]
    return "".join(f"{line}\n" for line in lines)


def _reader(source: Source) -> Callable[[str, Side], bytes | None]:
    """Reads a file of either side by the name that it has now."""

    def read(path: str, side: Side) -> bytes | None:
        file = source.change.file(path)
        return source.read(file.path_on(side) if file else path, side)

    return read


def _shown(progress: ReviewProgress) -> Any:
    def show(notice: Notice) -> None:
        progress.say(notice.text)

    return show


async def _tick(progress: ReviewProgress) -> None:
    while True:
        progress.tick()
        await asyncio.sleep(1.0)
