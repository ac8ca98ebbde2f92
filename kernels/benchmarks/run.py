"""Checks every kernel against fp32, times it, and prints one table.

`python kernels/benchmarks/run.py [OP ...] --out FILE` on a CUDA device. Each module beside this one that is named after
an operation has `checks()` and `rows(ceilings)`."""

import argparse
import datetime
import importlib
import json
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
import triton

from benchmarks.timer import Ceilings, Row, ceilings

HERE = Path(__file__).parent
NO_OPERATIONS = {"run", "timer", "plot", "peers"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named operations, or all; 1 if a check failed or an operation broke."""
    operations = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NO_OPERATIONS)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("operations", nargs="*", metavar="OP", help=f"of {', '.join(operations)}; all without any")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--check", action="store_true", help="only compare with fp32")
    given = parser.parse_args(arguments)
    peak, rows, broken = ceilings(), list[Row](), list[str]()
    say(
        f"{torch.cuda.get_device_name()}: read {peak.read / 1e12:.2f}, copy {peak.copy / 1e12:.2f} TB/s, "
        f"bf16 product {peak.matmul / 1e12:.0f} TFLOP/s"
    )
    for operation in given.operations or operations:
        started = time.perf_counter()
        try:
            broken += measure(operation, peak, rows, timed=not given.check)
        except (RuntimeError, ValueError, TypeError, AssertionError, AttributeError, triton.TritonError) as error:
            traceback.print_exception(error)
            broken.append(operation)
        say(f"    {operation}: {time.perf_counter() - started:.0f} s")
        if given.out:
            given.out.write_text(json.dumps(report(peak, rows), indent=1) + "\n")
    say(f"failed: {', '.join(broken)}" if broken else "all checks passed")
    return 1 if broken else 0


def measure(operation: str, peak: Ceilings, rows: list[Row], *, timed: bool) -> list[str]:
    """Check and time one operation; returns the checks that failed."""
    module = importlib.import_module(f"benchmarks.{operation}")
    failed = []
    for check in module.checks():
        if not check.passed:
            failed.append(f"{check.op} {check.shape}: {check.error:.2e} > {check.limit:.0e}")
            say(f"    WRONG {failed[-1]}")
    if timed and not failed:
        for row in module.rows(peak):
            rows.append(row)
            say(line(row, peak))
    return failed


def line(row: Row, peak: Ceilings) -> str:
    """A row of the table: µs, rate, and its share of the ceiling."""
    seconds, rates = row.us * 1e-6, ""
    if row.bytes:
        rates += f"{row.bytes / seconds / 1e9:>8.0f} GB/s {row.bytes / seconds / peak.read:>5.0%}"
    if row.flops:
        rates += f"{row.flops / seconds / 1e12:>8.1f} TFLOP/s {row.flops / seconds / peak.matmul:>5.0%}"
    return f"{row.op:<16}{row.shape:<34}{row.peer or 'ours':<14}{row.us:>10.2f} µs{rates}  {row.note}"


def report(peak: Ceilings, rows: Sequence[Row]) -> dict[str, object]:
    """Everything that a reader of the figures needs to judge them."""
    about = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "triton": triton.__version__,
        "cuda": torch.version.cuda,
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
    }
    return {**about, "ceilings": asdict(peak), "rows": [asdict(row) for row in rows]}


def say(text: str) -> None:
    """Print at once: a run may be cut off."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
