"""How a demonstration went, in honest words: whether the tests pass now, what the model says, how long it took."""

from dataclasses import dataclass

from kimicode.cli.demo_bugs import DemoBug
from kimicode.cli.demo_face import Pace
from kimicode.cli.demo_place import Outcome
from kimicode.errors import ExitCode
from kimicode.events import Result
from kimicode.sessions.transcript import printable

_OWN_CODES = (ExitCode.USAGE, ExitCode.INFRASTRUCTURE, ExitCode.RETRY_LATER, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
"""Ends that say nothing of the model: it was not asked, or not to the end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Solved: all tests pass, and the model came to an end by itself."""

    exit_code: int
    lines: tuple[str, ...]


def judge(bug: DemoBug, before: Outcome, after: Outcome, result: Result, pace: Pace, *, tampered: bool) -> Verdict:
    """What to tell, and the exit code: 0 where it is solved, 3 where it is not, the run's own where it broke off."""
    solved = after.passed and after.count == before.count
    ended = result.status == "finished"
    if result.exit_code in _OWN_CODES:
        head = [f"{'Interrupted' if result.status == 'interrupted' else 'It broke off'}: {result.reason}"]
    elif solved and ended:
        head = [f"Solved: all {after.count} tests pass, in {_steps(result)} and {result.duration_s:.0f} s."]
    elif solved:
        head = [f"The tests pass, but kimi-nano did not see that it was done: {result.reason or result.status}."]
    else:
        head = [f"Not solved: {_failing(after, before)}, after {_steps(result)} and {result.duration_s:.0f} s."]
        head += [f"It stopped because {result.reason}."] if result.reason else []
    words = [f"kimi-nano says: {line}" for line in printable(result.answer).strip().splitlines()[:1]]
    changed = ["It changed the tests. They were judged by the original ones."] if tampered else []
    remedy = [] if solved else [f"What was wrong ({bug.path}): {bug.why}", *(f"    {line}" for line in bug.remedy)]
    code = ExitCode.FINISHED if solved and ended else ExitCode.LIMIT
    if result.exit_code in _OWN_CODES:
        code = ExitCode(result.exit_code)
    return Verdict(int(code), (*head, *words, *changed, *remedy, *_figures(result, pace)))


def _steps(result: Result) -> str:
    return f"{result.steps} step{'' if result.steps == 1 else 's'}"


def _failing(after: Outcome, before: Outcome) -> str:
    if after.count < before.count:
        return f"the tests do not run any more ({after.reason or 'they end at once'})"
    more = [name for name in after.failed if name not in before.failed]
    broken = f", {len(more)} of which passed before" if more else ""
    return f"{len(after.failed)} of {before.count} tests still fail{broken}"


def _figures(result: Result, pace: Pace) -> list[str]:
    """What it took, where anything was taken."""
    parts = [f"engine ready after {pace.ready:.1f} s"] if pace.ready else []
    parts += [f"first token {pace.first:.1f} s after the first question"] if pace.first else []
    parts += [f"{pace.rate:.0f} tokens/s"] if pace.rate else []
    if result.usage.total_tokens:
        parts.append(f"{result.usage.input_tokens:,} tokens read, {result.usage.output_tokens:,} written")
    return [", ".join(parts)] if parts else []
