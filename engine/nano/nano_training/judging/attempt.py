"""One bug, one run of `kimicode run` in a fresh folder, and a judgement that trusts nothing it says."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.cli import demo_place
from kimicode.cli.demo_bugs import DemoBug
from kimicode.cli.demo_place import Outcome, Place
from kimicode.events import Result, ToolCompleted
from kimicode.messages import decode

GRACE = 20.0
"""Seconds that the agent may overrun its own limit before it is stopped."""
BROKEN = ("error", "interrupted", "none")
"""Ends that say nothing of the model: they are to be looked into, not counted and forgotten."""
EDITS = ("strreplace", "insert", "createfile")


@dataclass(frozen=True, slots=True)
class Plan:
    """What all attempts share: the model's name, seconds and steps for each, and further flags of `kimicode run`."""

    model: str
    limit: float
    steps: int = 40
    flags: tuple[str, ...] = ()
    records: Path | None = None
    """A folder in which the runs' records are kept."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a run ended. `tries` counts edits that were made, `seconds` are the agent's on the clock."""

    bug: str
    title: str
    kind: str
    solved: bool
    reason: str
    """Why it was not solved; "" where it was."""
    tests_pass: bool
    submitted: bool
    status: str
    steps: int
    tries: int
    seconds: float
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Run:
    """What a run's records tell. `status` is "none" where it wrote no result."""

    status: str = "none"
    reason: str = ""
    steps: int = 0
    tries: int = 0
    submitted: bool = False
    input_tokens: int = 0
    output_tokens: int = 0


def attempt(bug: DemoBug, base_url: str, plan: Plan) -> Attempt:
    """Let the agent try. Raises DiskError."""
    place = demo_place.make(bug)
    try:
        began = time.monotonic()
        with _records(place, bug, plan) as path:
            _run_agent(bug, place, base_url, plan, path)
            seconds = time.monotonic() - began
            run = read(path)
        after, touched = asyncio.run(place.test()), place.tests_changed
    finally:
        place.clear()
    reason = why_not(run, after, count_tests(bug), touched=touched)
    return Attempt(
        bug=bug.id,
        title=bug.title,
        kind=bug.kind,
        solved=not reason,
        reason=reason,
        tests_pass=after.passed,
        submitted=run.submitted,
        status=run.status,
        steps=run.steps,
        tries=run.tries,
        seconds=round(seconds, 2),
        input_tokens=run.input_tokens,
        output_tokens=run.output_tokens,
    )


def search_path() -> str:
    """PATH with this interpreter first, so that `python3` means the one whose output the model was trained on."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))


def why_not(run: Run, after: Outcome, tests: int, *, touched: bool) -> str:
    """The first fact that keeps a bug from being solved; "" where there is none.

    The original tests, all of them, have to pass, the agent's copy of them has to be as it was, and the model itself
    has to have said that it is done."""
    if run.status in BROKEN:
        return f"broke off: {run.status}{', ' if run.reason else ''}{run.reason}"
    if not after.passed:
        return f"{len(after.failed)} of {tests} tests fail" if after.failed else f"the tests do not run: {after.reason}"
    if after.count != tests:
        return f"{after.count} of {tests} tests ran"
    if touched:
        return "changed the tests"
    if not run.submitted:
        return f"not submitted: {run.status}{', ' if run.reason else ''}{run.reason}"
    return ""


def count_tests(bug: DemoBug) -> int:
    """How many tests a bug has."""
    return len(re.findall(r"^    (?:async )?def test\w*\(", bug.tests, re.MULTILINE))


def read(path: Path) -> Run:
    """What the records of `--output stream-json` tell; a line that is none is passed over."""
    last: Result | None = None
    tools: list[ToolCompleted] = []
    for record in _decoded(path):
        if isinstance(record, Result):
            last = record
        elif isinstance(record, ToolCompleted) and not record.is_error:
            tools.append(record)
    tries = sum(tool.name in EDITS for tool in tools)
    if last is None:
        return Run(tries=tries)
    submitted = last.status == "finished" and bool(tools) and tools[-1].name == "submit"
    return Run(
        last.status, last.reason, last.steps, tries, submitted, last.usage.input_tokens, last.usage.output_tokens
    )


def _decoded(path: Path) -> Iterator[Any]:
    for line in path.read_text("utf-8", "replace").splitlines():
        with contextlib.suppress(ValueError, TypeError, KeyError):
            yield decode(json.loads(line))


@contextlib.contextmanager
def _records(place: Place, bug: DemoBug, plan: Plan) -> Iterator[Path]:
    """The file of a run's records, kept where the plan says so."""
    if plan.records is None:
        yield place.scratch / "records.jsonl"
    else:
        plan.records.mkdir(parents=True, exist_ok=True)
        yield plan.records / f"{bug.id}.jsonl"


def _run_agent(bug: DemoBug, place: Place, base_url: str, plan: Plan, records: Path) -> None:
    """Run it to its end, or to that of its patience."""
    command = [sys.executable, "-m", "kimicode", "run", bug.prompt, "-C", str(place.project), "--quiet"]
    command += ["--base-url", base_url, "--model", plan.model, "--output", "stream-json"]
    command += ["--time-limit", f"{plan.limit:g}", "--max-steps", str(plan.steps), *plan.flags]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KIMICODE_")}
    environment = {**kept, "KIMICODE_HOME": str(place.home)}
    with (
        records.open("wb") as out,
        records.with_suffix(".stderr").open("wb") as errors,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=environment, start_new_session=True
        ) as agent,
    ):
        with contextlib.suppress(subprocess.TimeoutExpired):
            agent.wait(plan.limit + GRACE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(agent.pid, signal.SIGKILL)
