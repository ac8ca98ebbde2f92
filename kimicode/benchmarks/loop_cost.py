"""What the loop costs: CPU per step, memory and disk of long sessions, and the CPU of `kimicode --help`.

`python -m kimicode.benchmarks.loop_cost [--steps N] [--out FILE.json]`. Figures are of one machine and one day; what
should hold anywhere is that they do not grow with the session.
"""

import argparse
import datetime
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kimicode
from kimicode.benchmarks.loop_session import SCENARIOS

STEPS = 2_000
WINDOW = 200
HELP_RUNS = 15
PER_STEP = ("loop_ms", "journal_ms", "behind_ms", "model_ms", "tools_ms", "disk_wait_ms")
HELP = "import sys; from kimicode.cli.main import main; sys.exit(main())"

_CHECKOUT = Path(__file__).parents[2]
_COLUMNS = (
    *("", "steps", "compacted", "loop ms", "of it", "behind", "client ms", "tools ms", "disk ms", "loop ms"),
    *("client ms", "memory", "journal"),
)
_UNITS = (
    *("", "", "times", "CPU", "journal", "CPU", "CPU", "CPU", "waited", "first, last"),
    *("first, last", "MB, peak", "MB"),
)
_ROW = "{:<11}{:>6}{:>10}{:>9}{:>9}{:>9}{:>10}{:>9}{:>9}{:>14}{:>14}{:>10}{:>9}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios one after the other, print a table, and write the figures where asked to."""
    options = _parser().parse_args(arguments)
    print(_ROW.format(*_COLUMNS))
    print(_ROW.format(*_UNITS))
    sessions = []
    for name in options.only or SCENARIOS:
        sessions.append(session(name, options.steps))
        print(_row(sessions[-1]), flush=True)
    cost = help_cost()
    print(f"\nkimicode --help: {cost['help_ms']} ms CPU, {cost['ratio']} times bare Python's {cost['bare_ms']} ms")
    if options.out:
        _write(options.out, {**machine(), "help": cost, "sessions": sessions})
    return 0


def session(name: str, steps: int, every: int = WINDOW) -> dict[str, Any]:
    """Measure a scenario in a process of its own; per step means over all steps but the first."""
    steps = min(steps, SCENARIOS[name].most)
    command = [sys.executable, "-m", "kimicode.benchmarks.loop_session", name, str(steps), str(every)]
    done = subprocess.run(command, cwd=_CHECKOUT, stdout=subprocess.PIPE, check=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    windows = measured.pop("windows")
    counted = sum(window["steps"] for window in windows)
    means = {key: round(sum(w[key] * w["steps"] for w in windows) / counted, 3) for key in PER_STEP}
    return {**measured, "about": SCENARIOS[name].about, "per_step": means, "windows": windows}


def help_cost(runs: int = HELP_RUNS) -> dict[str, float]:
    """CPU milliseconds of `kimicode --help` and of a Python that does nothing: the least and the median of each."""
    pairs = [(_cpu_ms("-c", "pass"), _cpu_ms("-c", HELP, "--help")) for _ in range(runs)]
    bare, shown = zip(*pairs, strict=True)
    return {
        "bare_ms": round(min(bare), 1),
        "help_ms": round(min(shown), 1),
        "ratio": round(min(shown) / min(bare), 2),
        "median_ratio": round(statistics.median(shown) / statistics.median(bare), 2),
        "runs": runs,
    }


def _cpu_ms(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=_CHECKOUT, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _row(one: dict[str, Any]) -> str:
    means = one["per_step"]
    first, last = one["windows"][0], one["windows"][-1]
    return _ROW.format(
        one["name"],
        one["steps"],
        one["compactions"],
        *(f"{means[key]:.2f}" for key in PER_STEP),
        *(f"{first[key]:.2f}, {last[key]:.2f}" for key in ("loop_ms", "model_ms")),
        f"{one['peak_mb']:.0f}",
        f"{last['journal_mb']:.1f}",
    )


def machine() -> dict[str, Any]:
    machine = {"cpu": _cpu_model(), "cpus": os.cpu_count(), "system": platform.system()}
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "kimicode": kimicode.__version__,
        "python": platform.python_version(),
        "machine": machine,
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _write(path: Path, figures: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kimicode.benchmarks.loop_cost",
        description="Measure long sessions of real tools, journal and repository with a model that costs nothing.",
    )
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"steps of the longest ({STEPS})")
    parser.add_argument("--only", action="append", choices=list(SCENARIOS), help="only this session (may be repeated)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
