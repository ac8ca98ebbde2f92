"""Does `kimicode review` find real bugs and leave harmless changes alone? Runs it over the set, with any model.

`python -m kimicode.benchmarks.review_quality --help`; a run that was stopped goes on where it was.
"""

import argparse
import datetime
import json
import os
import platform
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kimicode
from kimicode.benchmarks.review_attempt import COMMAND, Attempt, Plan, attempt
from kimicode.benchmarks.review_figures import Pairs, figures, groups, table
from kimicode.benchmarks.review_match import Marked
from kimicode.benchmarks.review_set import Case, Half, digest, load, spread
from kimicode.errors import ExitCode, KimicodeError, UsageError
from kimicode.messages import Usage, encode

_ROW = "{:>4}/{:<4}{:<30}{:<10}{:>5}{:>7}{:>8}  {}"


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for. `run` says what results have in common, or they cannot be one run's."""

    cases: list[Case]
    jobs: int
    out: Path
    plan: Plan
    run: dict[str, Any]


def main(arguments: Sequence[str] | None = None, command: tuple[str, ...] = COMMAND) -> int:
    """Run the benchmark; 0 when it ran to its end, however much was found."""
    try:
        request = parse(sys.argv[1:] if arguments is None else arguments, command)
        done = earlier(request)
        _run(request, done)
    except KimicodeError as error:
        print(f"review_quality: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return ExitCode.INTERRUPTED
    print(f"\n{table(_pairs(done))}\n\nresults: {request.out}")
    return ExitCode.FINISHED


def parse(arguments: Sequence[str], command: tuple[str, ...] = COMMAND) -> Request:
    """Read the command line; everything after `--` goes to `kimicode review`. Raises UsageError for unknown cases."""
    given = list(arguments)
    at = given.index("--") if "--" in given else len(given)
    options, extra = _parser().parse_args(given[:at]), given[at + 1 :]
    half: Half | None = None if options.half == "all" else options.half
    chosen = load(filter(None, options.only.split(",")), half)
    cases = spread(chosen, options.cases or len(chosen))
    flags = [*(["--base-url", options.base_url] if options.base_url else []), "--model", options.model]
    out = options.json.resolve()
    plan = Plan((*flags, *extra), options.time_limit, out.with_name(f"{out.stem}.transcripts"), command)
    run = {"model": options.model, "flags": extra, "time_limit": options.time_limit, "set": digest()}
    return Request(cases, options.jobs, out, plan, run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kimicode.benchmarks.review_quality",
        description="Review the changes of the set with `kimicode review` and hold its findings against what is known. "
        "The provider comes from the flags or the environment (KIMICODE_BASE_URL, KIMICODE_API_KEY).",
        epilog="Everything after -- goes to `kimicode review` as it is, such as -- --effort high.",
    )
    parser.add_argument(
        "--model", default=os.environ.get("KIMICODE_MODEL"), required="KIMICODE_MODEL" not in os.environ
    )
    parser.add_argument("--base-url", metavar="URL", help="the model's server")
    parser.add_argument("--half", choices=("dev", "test", "all"), default="all", help="prompts are tuned on dev alone")
    parser.add_argument("--cases", type=int, metavar="N", help="only N of them, spread over the set (default: all)")
    parser.add_argument("--only", default="", metavar="A,B", help="only these")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="reviews at the same time (default: 1)")
    parser.add_argument("--time-limit", type=float, default=600.0, metavar="S", help="seconds for a review (600)")
    parser.add_argument("--json", type=Path, default=Path("results.json"), metavar="FILE", help="the results")
    return parser


# --- running ------------------------------------------------------------------------------------------------


def earlier(request: Request) -> dict[str, Attempt]:
    """What a stopped run has done already; what failed is tried again. Raises UsageError for another run's file."""
    if not request.out.exists():
        return {}
    report = json.loads(request.out.read_text("utf-8"))
    if differing := [name for name, value in request.run.items() if report.get("run", {}).get(name) != value]:
        raise UsageError(
            f"{request.out} holds a run with another {' and '.join(differing)}",
            hint="Name another file with --json, or delete that one.",
        )
    return {entry["case"]: _attempt(entry) for entry in report["cases"] if entry["state"] in ("complete", "partial")}


def _attempt(entry: dict[str, Any]) -> Attempt:
    usage = Usage(**{name: value for name, value in entry.pop("usage").items() if name != "type"})
    findings = tuple(Marked(**finding) for finding in entry.pop("findings"))
    return Attempt(**entry, usage=usage, findings=findings)


def _run(request: Request, done: dict[str, Attempt]) -> None:
    """Review what is left, and put it into `done`. The first error ends the run and what is under way."""
    left = [case for case in request.cases if case.name not in done]
    print(_ROW.format("", "", "case", "state", "hits", "false", "seconds", "what was hit, or why it is not complete"))
    with ThreadPoolExecutor(request.jobs) as pool:
        try:
            for future in as_completed([pool.submit(attempt, case, request.plan) for case in left]):
                one = future.result()
                done[one.case] = one
                _write(request, done)
                print(_row(one, len(done), len(request.cases)), flush=True)
        finally:
            request.plan.stopping.set()
            pool.shutdown(cancel_futures=True)


def _row(one: Attempt, number: int, of: int) -> str:
    hit = next((finding.claim for finding in one.findings if finding.mark == "hit"), one.trouble)
    return _ROW.format(number, of, one.case, one.state, one.count("hit"), one.count("false"), one.seconds, hit[:90])


def _pairs(done: dict[str, Attempt]) -> Pairs:
    return [(case, done[case.name]) for case in load(done)] if done else []


def _write(request: Request, done: dict[str, Attempt]) -> None:
    """After every review, and whole or not at all: a stopped run keeps what it has."""
    pairs = _pairs(done)
    rates = {
        name: {**encode(one), "recall": one.recall, "precision": one.precision, "f1": one.f1, "noise": one.noise}
        for name, one in groups(pairs).items()
    }
    report = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "kimicode": kimicode.__version__,
        "run": request.run,
        "machine": {"cpus": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "comments_per_change": figures(pairs).comments,
        "figures": rates,
        "cases": encode([done[name] for name in sorted(done)]),
    }
    request.out.parent.mkdir(parents=True, exist_ok=True)
    partial = request.out.with_name(f"{request.out.name}.partial")
    partial.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    partial.replace(request.out)


if __name__ == "__main__":
    # A run that is told to end takes its reviews with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    raise SystemExit(main())
