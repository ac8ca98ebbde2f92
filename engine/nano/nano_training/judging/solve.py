"""`python -m nano_training.judging.solve`: how many bugs a model really solves, through HTTP and the real agent.

`--checkpoint DIR` starts engines for it, `--base-url URL` asks a running one; `--bugs` is a file of held-out bugs, or a
folder of hand-written ones. What stands behind `--` goes to `kimicode run` as it is."""

import argparse
import datetime
import json
import math
import os
import platform
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import kimicode
from kimicode.cli.demo_bugs import DemoBug
from kimicode.errors import KimicodeError
from nano_training.judging.attempt import Attempt, Plan, attempt, search_path
from nano_training.judging.bugs import load
from nano_training.judging.engines import NAME, EngineError, Fleet, serving

USAGE, INFRASTRUCTURE, TOO_FEW = 1, 2, 3
SURE = 1.959964
"""Standard deviations on either side of a 95 % interval."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge; 0 when all bugs were tried, however many were solved; 3 for fewer than --least."""
    given, flags = _parse(list(sys.argv[1:] if arguments is None else arguments))
    os.environ["PATH"] = search_path()
    plan = Plan(given.model, given.limit, flags=tuple(flags), records=given.records)
    try:
        bugs = load(given.bugs)[: given.count]
        with _addresses(given) as urls:
            attempts = _all(bugs, urls, plan, given)
    except (EngineError, KimicodeError, OSError, ValueError) as error:
        sys.stderr.write(f"solve: {error}\n")
        return INFRASTRUCTURE if isinstance(error, EngineError) else USAGE
    sys.stdout.write(f"\n{table(attempts)}\n")
    return TOO_FEW if sum(one.solved for one in attempts) < given.least else 0


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="solve", description=(__doc__ or "").splitlines()[0])
    model = parser.add_mutually_exclusive_group(required=True)
    model.add_argument("--checkpoint", type=Path, metavar="DIR")
    model.add_argument("--base-url", metavar="URL")
    parser.add_argument("--model", default=NAME, help="its name, which says how it is asked")
    parser.add_argument("--bugs", type=Path, required=True, metavar="PATH")
    parser.add_argument("--count", type=int, metavar="N", help="the first N bugs alone")
    parser.add_argument("--least", type=int, default=0, metavar="N", help="exit with 3 where fewer are solved")
    parser.add_argument("--at-once", type=int, default=2, metavar="K", help="agents that work at the same time (2)")
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS", help="for each bug (60)")
    parser.add_argument("--engines", type=int, default=1, metavar="N", help="of the checkpoint (1)")
    parser.add_argument("--device", default="auto", help="as the engine's")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="of each engine on a CPU")
    parser.add_argument("--records", type=Path, metavar="DIR", help="keep what the agents recorded")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    return parser.parse_args(arguments[:at]), arguments[at + 1 :]


@contextmanager
def _addresses(given: argparse.Namespace) -> Iterator[list[str]]:
    if given.base_url:
        yield [given.base_url]
        return
    with serving(Fleet(given.checkpoint, given.engines, given.device, given.threads)) as urls:
        yield urls


def _all(bugs: Sequence[DemoBug], urls: Sequence[str], plan: Plan, given: argparse.Namespace) -> list[Attempt]:
    """Try each bug once, spread over the engines; results are written as they come."""
    done: list[Attempt] = []
    with ThreadPoolExecutor(given.at_once, "judge") as pool:
        tried = [pool.submit(attempt, bug, urls[number % len(urls)], plan) for number, bug in enumerate(bugs)]
        for one in as_completed(tried):
            done.append(one.result())
            sys.stdout.write(f"{_line(done[-1])}\n")
            sys.stdout.flush()
            if given.out and (len(done) % 20 == 0 or len(done) == len(bugs)):
                _write(given, plan, done)
    return done


def _line(one: Attempt) -> str:
    result = "solved" if one.solved else "failed"
    figures = f"{one.steps:>3} steps {one.tries:>2} edits {one.seconds:>6.1f} s {one.output_tokens:>5} tokens"
    return f"{one.bug:<24.24} {result} {figures}  {one.kind:<18.18} {one.reason}".rstrip()


def _write(given: argparse.Namespace, plan: Plan, attempts: Sequence[Attempt]) -> None:
    """The whole file or nothing: an interrupted run keeps what it has."""
    report: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "kimicode": kimicode.__version__,
        "model": plan.model,
        "checkpoint": given.checkpoint and given.checkpoint.name,
        "bugs": given.bugs.name,
        "at_once": given.at_once,
        "limit": plan.limit,
        "machine": {"cpus": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        **summary(attempts),
        "attempts": [asdict(one) for one in sorted(attempts, key=lambda one: one.bug)],
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    partial = given.out.with_name(f"{given.out.name}.partial")
    partial.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    partial.replace(given.out)


def summary(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """The rate with its interval, and what an attempt takes; of at least one."""
    solved = sum(one.solved for one in attempts)
    low, high = wilson(solved, len(attempts))
    return {
        "tried": len(attempts),
        "solved": solved,
        "rate": round(solved / len(attempts), 4),
        "interval": [round(low, 5), round(high, 5)],
        "steps": spread([one.steps for one in attempts]),
        "edits": spread([one.tries for one in attempts]),
        "seconds": spread([one.seconds for one in attempts]),
        "output_tokens": spread([one.output_tokens for one in attempts]),
        "solved_by_edits": {str(count): n for count, n in sorted(_by_edits(attempts).items())},
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, median, and what nine of ten do not exceed."""
    ordered = sorted(values)
    ninth = ordered[math.ceil(0.9 * len(ordered)) - 1]
    return {"mean": round(statistics.fmean(values), 2), "median": statistics.median(values), "p90": ninth}


def wilson(solved: int, tried: int) -> tuple[float, float]:
    """The 95 % interval of a rate (E. B. Wilson, 1927), which stays within 0 and 1 for few attempts too."""
    rate, spare = solved / tried, SURE * SURE / tried
    middle = (rate + spare / 2) / (1 + spare)
    reach = SURE * math.sqrt(rate * (1 - rate) / tried + spare / (4 * tried)) / (1 + spare)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def table(attempts: Sequence[Attempt]) -> str:
    """By kind of bug, the worst first, and the whole."""
    if not attempts:
        return "nothing was tried"
    kinds: defaultdict[str, list[bool]] = defaultdict(list)
    for one in attempts:
        kinds[one.kind].append(one.solved)
    rows = [
        f"{kind:<24}{sum(results):>5} of {len(results):>4}  {sum(results) / len(results):>5.0%}"
        for kind, results in sorted(kinds.items(), key=lambda item: (statistics.fmean(item[1]), item[0]))
    ]
    told = summary(attempts)
    low, high = told["interval"]
    whole = f"solved {told['solved']} of {told['tried']}: {told['rate']:.1%} (95 %: {low:.1%} to {high:.1%})"
    cost = f"median {told['steps']['median']:g} steps, {told['seconds']['median']:.1f} s; nine of ten within"
    return "\n".join([*rows, whole, f"{cost} {told['steps']['p90']:g} steps, {told['seconds']['p90']:.1f} s"])


def _by_edits(attempts: Sequence[Attempt]) -> dict[int, int]:
    """How many were solved with so many edits."""
    counts: defaultdict[int, int] = defaultdict(int)
    for one in attempts:
        counts[one.tries] += one.solved
    return counts


if __name__ == "__main__":
    sys.exit(main())
