"""One case reviewed by the command that people run: a repository of two commits, a process, and its document."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from kimicode.benchmarks.judge import kill_group
from kimicode.benchmarks.review_match import Marked, marked
from kimicode.benchmarks.review_set import Case, apply
from kimicode.errors import ExitCode, KimicodeError, UsageError
from kimicode.messages import Usage
from kimicode.review import document
from kimicode.review.findings import Review

COMMAND = (sys.executable, "-m", "kimicode")
GRACE = 60.0
"""Seconds that a review may overrun its own limit before it is stopped."""
UNASKED = frozenset({ExitCode.USAGE, ExitCode.RETRY_LATER, ExitCode.INTERRUPTED, ExitCode.TERMINATED})
"""What says nothing of the model: the run ends, and goes on later from here."""

_CHECKOUT = Path(__file__).parents[2]
_CLEAN_UP = 10.0
_LOOK = 0.5
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Sam Author",
    "GIT_AUTHOR_EMAIL": "sam@example.org",
    "GIT_COMMITTER_NAME": "Sam Author",
    "GIT_COMMITTER_EMAIL": "sam@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
_DATES = ("2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z")


@dataclass(frozen=True, slots=True)
class Plan:
    """What all reviews of a run share; `flags` go to `kimicode review` as they are, `time_limit` is in seconds."""

    flags: tuple[str, ...]
    time_limit: float
    transcripts: Path
    """A folder of this run: the processes' own home, and what each wrote to stderr."""
    command: tuple[str, ...] = COMMAND
    grace: float = GRACE
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set from outside, it ends the reviews that are under way."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one case. `state` is that of the review, or "none" where there is no document."""

    case: str
    state: str
    findings: tuple[Marked, ...]
    dropped: dict[str, int]
    model: str
    usage: Usage
    seconds: float
    trouble: str = ""
    """Why it is not complete, in a few words."""

    def count(self, mark: str) -> int:
        """How many findings have that mark."""
        return sum(finding.mark == mark for finding in self.findings)


def attempt(case: Case, plan: Plan) -> Attempt:
    """Review the case once. Raises KimicodeError where it was stopped, or where the same would stop every other."""
    plan.transcripts.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kimicode-review-", ignore_cleanup_errors=True) as scratch:
        # Every repository has the same name: the model shall not read the case from it.
        folder, out = Path(scratch) / "project", Path(scratch) / "review.json"
        create(case, folder)
        started = time.monotonic()
        code = _review(case, folder, out, plan)
        if plan.stopping.is_set():
            raise KimicodeError(f"the review of {case.name} was stopped")
        seconds = round(time.monotonic() - started, 1)
        review = document.load(out.read_bytes()) if out.exists() else None
    said = (plan.transcripts / f"{case.name}.stderr").read_text("utf-8", errors="replace").strip()
    last = said.splitlines()[-1] if said else "nothing on stderr"
    if review is None and code in UNASKED:
        raise KimicodeError(f"the review of {case.name} ended with {code}: {last}")
    trouble = "stopped: it ran past its time limit" if code is None else f"exit code {code}: {last}"
    return _record(case, review, seconds, trouble)


def create(case: Case, folder: Path) -> None:
    """A repository with the package as its first commit and the change, in its author's words, as its second."""
    folder.mkdir()
    _git(folder, "init", "--quiet", "--initial-branch=main")
    case.package.unpack(folder)
    _commit(folder, f"Release {case.package.version}", _DATES[0])
    apply(case.change.encode(), folder)
    _commit(folder, f"{case.title}\n\n{case.description}", _DATES[1])


def _commit(folder: Path, message: str, date: str) -> None:
    # A package that lies in node_modules is part of the tree here, whatever is usually ignored.
    _git(folder, "add", "--all", "--force")
    _git(folder, "commit", "--quiet", "--message", message, date=date)


def _git(folder: Path, *arguments: str, date: str = _DATES[0]) -> None:
    environment = {**os.environ, **_AUTHOR, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    command = ["git", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"git {arguments[0]} failed: {done.stderr.strip()}")


def _review(case: Case, folder: Path, out: Path, plan: Plan) -> int | None:
    """Run the command to its end; its exit code, or None when it had to be stopped."""
    asked = ["review", "-C", str(folder), "--range", "HEAD~1..HEAD", "--output", "json", "--out", str(out)]
    command = [*plan.command, *asked, "--time-limit", f"{plan.time_limit:g}", *plan.flags]
    environment = {**os.environ, "KIMICODE_HOME": str(plan.transcripts / "home")}
    with (
        (plan.transcripts / f"{case.name}.stderr").open("wb") as errors,
        subprocess.Popen(
            command,
            cwd=_CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        ) as process,
    ):
        try:
            return _wait(process, plan)
        finally:
            _stop(process)


def _wait(process: "subprocess.Popen[bytes]", plan: Plan) -> int | None:
    deadline = time.monotonic() + plan.time_limit + plan.grace
    while time.monotonic() < deadline and not plan.stopping.is_set():
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK)
    return None


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End what is left of its process group, politely first: commands that it runs have groups of their own."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_CLEAN_UP)
    kill_group(process)


def _record(case: Case, review: Review | None, seconds: float, trouble: str) -> Attempt:
    if review is None:
        return Attempt(case.name, "none", (), {}, "", Usage(), seconds, trouble)
    findings = marked(case, review.findings)
    told = "; ".join(review.notes) or trouble if review.state != "complete" else ""
    return Attempt(case.name, review.state, findings, review.dropped, review.model, review.usage, seconds, told)
