"""One attempt at one bug: a fresh copy, the agent as a process, and a judgement that trusts nothing it says."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from kimicode.benchmarks import workcopy
from kimicode.benchmarks.bugset import Bug
from kimicode.benchmarks.judge import Verdict, among, changes, fingerprint, kill_group, run_tests, search_path
from kimicode.benchmarks.transcript import Transcript
from kimicode.errors import KimicodeError

AGENT = (sys.executable, "-m", "kimicode")
GRACE = 30.0
"""Seconds that the agent may overrun its own time limit before it is stopped."""

_CHECKOUT = Path(__file__).parents[2]
_CLEAN_UP = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What all attempts of a run share; `flags` go to `kimicode run` as they are."""

    flags: tuple[str, ...]
    time_limit: float
    """Seconds for the agent; the test runs come on top."""
    transcripts: Path
    agent: tuple[str, ...] = AGENT
    grace: float = GRACE


@dataclass(frozen=True, slots=True)
class Attempt:
    bug: str
    number: int
    solved: bool
    tests_pass: bool
    protected_ok: bool
    status: str
    exit_code: int | None
    """None where the agent had to be stopped."""
    steps: int
    seconds: float
    input_tokens: int
    output_tokens: int
    recovered: int
    reason: str
    """Why it was not solved, in a few words; empty when it was."""
    diff: str
    transcript: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of an attempt from outside."""

    exit_code: int | None
    transcript: Transcript
    changed: list[str]
    touched: list[str]
    """Those changed files that are protected."""
    verdict: Verdict
    expected: frozenset[str]
    """The tests that ran before; each of them has to pass now."""

    @property
    def tests_pass(self) -> bool:
        return self.verdict.proves(self.expected)

    @property
    def reason(self) -> str:
        """The first fact that explains a failure, from the outside in; empty when nothing is wrong."""
        return self._agent_fault() or self._change_fault() or self._test_fault()

    def _agent_fault(self) -> str:
        run = self.transcript
        if self.exit_code is None:
            return "stopped: it ran past its time limit"
        if run.status == "none":
            return f"no result record, exit code {self.exit_code}: {run.last_error or 'nothing on stderr'}"
        if run.status != "finished" or self.exit_code != 0:
            return f"{run.status}, exit code {self.exit_code}: {run.reason or 'no reason given'}"
        return ""

    def _change_fault(self) -> str:
        if self.touched:
            return f"changed protected files: {', '.join(self.touched)}"
        return "" if self.changed else "changed nothing"

    def _test_fault(self) -> str:
        if self.verdict.exit_code is None:
            return f"tests: {self.verdict.output}"
        if gone := self.expected - self.verdict.tests:
            return f"{len(gone)} of {len(self.expected)} tests did not run"
        if lost := self.expected - self.verdict.passed:
            return f"{len(lost)} of {len(self.expected)} tests do not pass: {', '.join(sorted(lost))}"
        return "" if self.tests_pass else f"the test command exits with {self.verdict.exit_code}"


def attempt(bug: Bug, number: int, plan: Plan) -> Attempt:
    """Let the agent try once. Raises KimicodeError when the bug's tests do not work on this machine."""
    name = f"{bug.name}.{number}"
    with tempfile.TemporaryDirectory(prefix="kimicode-solve-", ignore_cleanup_errors=True) as scratch:
        # Every copy has the same name: the model shall not read the bug from it.
        folder = Path(scratch) / "project"
        commit = workcopy.create(bug, folder)
        expected = _tests_before(bug, folder)
        before = fingerprint(folder)
        started = time.monotonic()
        exit_code = _run_agent(bug.prompt, folder, plan, name)
        seconds = time.monotonic() - started
        changed = changes(before, fingerprint(folder))
        diff = workcopy.diff(folder, commit)
        verdict = run_tests(bug.test, folder)
    transcript = Transcript.read(plan.transcripts / f"{name}.jsonl", plan.transcripts / f"{name}.stderr")
    facts = Facts(exit_code, transcript, changed, among(changed, bug.protected), verdict, expected)
    return _record(bug.name, number, facts, seconds, diff)


def _record(bug: str, number: int, facts: Facts, seconds: float, diff: str) -> Attempt:
    return Attempt(
        bug=bug,
        number=number,
        solved=not facts.reason,
        tests_pass=facts.tests_pass,
        protected_ok=not facts.touched,
        status=facts.transcript.status,
        exit_code=facts.exit_code,
        steps=facts.transcript.steps,
        seconds=round(seconds, 1),
        input_tokens=facts.transcript.input_tokens,
        output_tokens=facts.transcript.output_tokens,
        recovered=facts.transcript.recovered,
        reason=facts.reason,
        diff=diff,
        transcript=f"{bug}.{number}.jsonl",
    )


def _tests_before(bug: Bug, folder: Path) -> frozenset[str]:
    """Names of all tests. Raises KimicodeError unless some pass and some fail, as they should without a fix."""
    verdict = run_tests(bug.test, folder)
    if verdict.passed and verdict.failed:
        return verdict.tests
    last = (verdict.output.strip().splitlines() or ["no output"])[-1]
    raise KimicodeError(
        f"the tests of {bug.name} do not work here: {last}",
        hint="Try them by hand; pytest comes with `pip install -e '.[dev]'`.",
    )


def _run_agent(prompt: str, folder: Path, plan: Plan, name: str) -> int | None:
    """Run the agent to its end; its exit code, or None when it had to be stopped."""
    command = [*plan.agent, "run", prompt, "--trust", "-C", str(folder), "--output", "stream-json", *plan.flags]
    plan.transcripts.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PATH": search_path(), "KIMICODE_HOME": str(plan.transcripts / "home")}
    with (
        (plan.transcripts / f"{name}.jsonl").open("wb") as records,
        (plan.transcripts / f"{name}.stderr").open("wb") as errors,
        subprocess.Popen(
            command,
            cwd=_CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=records,
            stderr=errors,
            start_new_session=True,
        ) as agent,
    ):
        try:
            return agent.wait(plan.time_limit + plan.grace)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _stop(agent)


def _stop(agent: "subprocess.Popen[bytes]") -> None:
    """End what is left of the agent's process group, politely first: its commands run in groups of their own."""
    if agent.poll() is None:
        agent.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            agent.wait(_CLEAN_UP)
    kill_group(agent)
