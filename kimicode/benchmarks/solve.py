"""Runs the agent over the bug set and says how many bugs it solves: `python -m kimicode.benchmarks.solve --help`."""

import argparse
import datetime
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kimicode
from kimicode.benchmarks.attempt import AGENT, Attempt, Plan, attempt
from kimicode.benchmarks.bugset import Bug, load
from kimicode.errors import ExitCode, KimicodeError
from kimicode.messages import encode

_ROW = "{:<22}{:>4}  {:<8}{:>6}{:>8}{:>10}{:>8}  {}"


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    bugs: tuple[str, ...]
    repeat: int
    model: str
    out: Path
    plan: Plan


def main(arguments: Sequence[str] | None = None, agent: tuple[str, ...] = AGENT) -> int:
    """Run the benchmark; 0 when it ran to its end, however many bugs were solved."""
    request = parse(sys.argv[1:] if arguments is None else arguments, agent)
    try:
        bugs = load(request.bugs)
        attempts = _run(request, bugs)
    except KimicodeError as error:
        print(f"solve: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\nstopped; what was done so far is in {request.out}", file=sys.stderr)
        return ExitCode.INTERRUPTED
    print(f"\n{summary(attempts)}\nresults: {request.out}, transcripts: {request.plan.transcripts}")
    return ExitCode.FINISHED


def parse(arguments: Sequence[str], agent: tuple[str, ...] = AGENT) -> Request:
    """Read the command line; everything after `--` goes to `kimicode run`. Leaves by SystemExit on a wrong flag."""
    own, extra = _split(list(arguments))
    options = _parser().parse_args(own)
    flags = ["--max-steps", str(options.max_steps), "--time-limit", f"{options.time_limit:g}"]
    for flag, value in (("--base-url", options.base_url), ("--model", options.model), ("--toolset", options.toolset)):
        flags += [flag, value] if value else []
    out = options.out.resolve()
    plan = Plan((*flags, *extra), options.time_limit, out.with_name(f"{out.stem}.transcripts"), agent)
    names = tuple(name for name in options.bugs.split(",") if name)
    return Request(names, options.repeat, options.model or os.environ.get("KIMICODE_MODEL", ""), out, plan)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kimicode.benchmarks.solve",
        description="Let the agent try every bug of the set and judge the result by the bug's own tests. "
        "The provider comes from the flags or the environment (KIMICODE_BASE_URL, KIMICODE_API_KEY, KIMICODE_MODEL); "
        "your configuration file is not read.",
        epilog="Everything after -- goes to `kimicode run` as it is.",
    )
    parser.add_argument("--bugs", default="", metavar="A,B", help="only these bugs (default: all)")
    parser.add_argument("--base-url", metavar="URL", help="the model's server")
    parser.add_argument("--model", help="the model's name on that server")
    parser.add_argument("--toolset", help="tools that the agent offers, e.g. swe")
    parser.add_argument("--repeat", type=_positive, default=1, metavar="N", help="attempts per bug (default: 1)")
    parser.add_argument("--max-steps", type=_positive, default=30, metavar="N", help="requests per attempt (30)")
    parser.add_argument("--time-limit", type=float, default=600.0, metavar="S", help="seconds per attempt (600)")
    parser.add_argument("--out", type=Path, default=Path("results.json"), metavar="FILE", help="where results go")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("has to be at least 1")
    return number


def _run(request: Request, bugs: list[Bug]) -> list[Attempt]:
    print(_ROW.format("bug", "try", "result", "steps", "seconds", "tokens in", "out", "why not"))
    attempts: list[Attempt] = []
    for bug in bugs:
        for number in range(1, request.repeat + 1):
            attempts.append(attempt(bug, number, request.plan))
            print(_row(attempts[-1]), flush=True)
            _write(request, attempts)
    return attempts


def _row(one: Attempt) -> str:
    result = "solved" if one.solved else "failed"
    tokens = (one.input_tokens, one.output_tokens)
    return _ROW.format(one.bug, one.number, result, one.steps, one.seconds, *tokens, one.reason).rstrip()


def summary(attempts: Sequence[Attempt]) -> str:
    """One line: the rate, and what an attempt cost on average."""
    if not attempts:
        return "nothing was tried"
    solved = sum(one.solved for one in attempts)
    steps = sum(one.steps for one in attempts) / len(attempts)
    seconds = sum(one.seconds for one in attempts) / len(attempts)
    rate = 100 * solved / len(attempts)
    return f"solved {solved} of {len(attempts)} ({rate:.0f} %), {steps:.1f} steps and {seconds:.1f} s on average"


def _write(request: Request, attempts: list[Attempt]) -> None:
    """After every attempt, and whole or not at all: an interrupted run keeps what it has."""
    report: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "kimicode": kimicode.__version__,
        "model": request.model,
        "flags": list(request.plan.flags),
        "machine": {"cpus": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "attempts": len(attempts),
        "solved": sum(one.solved for one in attempts),
        "bugs": encode(attempts),
    }
    partial = request.out.with_name(f"{request.out.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    partial.replace(request.out)


if __name__ == "__main__":
    raise SystemExit(main())
