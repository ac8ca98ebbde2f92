"""What undo costs in a large workspace: the looks around a command, and what of them a step waits for.

`python -m kimicode.benchmarks.undo_cost [--files N] [--out FILE.json]`. Wall and CPU milliseconds, the median of some.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from kimicode.agent.baseline import Baseline
from kimicode.agent.trail import Trail
from kimicode.benchmarks.loop_cost import machine
from kimicode.errors import KimicodeError
from kimicode.events import Event
from kimicode.git.repository import Repository
from kimicode.workspace.files import Files

FILES = 30_000
RUNS = 9
PER_FOLDER = 10
THINKING_S = 0.5
"""Between two steps, for a model that takes its time."""


@dataclass(slots=True)
class Costs:
    """Samples by what was measured: wall and CPU in milliseconds."""

    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    async def of(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Measure once."""
        wall, cpu = time.perf_counter(), time.process_time()
        await work()
        spent = 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)
        self.samples.setdefault(name, []).append(spent)

    def table(self) -> dict[str, dict[str, float]]:
        """Median wall and CPU of each, and the least wall."""
        return {
            name: {
                "wall_ms": round(statistics.median(wall for wall, _ in samples), 1),
                "least_ms": round(min(wall for wall, _ in samples), 1),
                "cpu_ms": round(statistics.median(cpu for _, cpu in samples), 1),
            }
            for name, samples in self.samples.items()
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the workspace, measure, print a table, and write the figures where asked to."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kimicode-undo-cost-") as scratch:
        os.environ["KIMICODE_HOME"] = str(Path(scratch) / "home")
        root = (Path(scratch) / "work").resolve()
        build(root, options.files)
        costs = asyncio.run(measure(root, Path(scratch) / "session", options.runs)).table()
    print(f"{options.files} files, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<42}{'wall ms':>9}{'least':>9}{'CPU ms':>9}")
    for name, cost in costs.items():
        print(f"{name:<42}{cost['wall_ms']:>9}{cost['least_ms']:>9}{cost['cpu_ms']:>9}")
    if options.out:
        figures: dict[str, Any] = {**machine(), "files": options.files, "load": os.getloadavg(), "costs": costs}
        options.out.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0


def build(root: Path, files: int) -> None:
    """A repository of so many small files, four folders deep, all committed and packed."""
    for count in range(files):
        folder = root / f"package_{count // 1000:03}" / "source" / f"module_{count // PER_FOLDER:05}"
        if count % PER_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"some_file_{count % PER_FOLDER}.py").write_text(f"x = {count}\n")
    identity = ("git", "-c", "user.name=b", "-c", "user.email=b@example.org")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all"), ("repack", "-adq")):
        subprocess.run((*identity, *words), cwd=root, check=True)


async def measure(root: Path, folder: Path, runs: int) -> Costs:
    """The costs of a session's trail in `root`. Raises KimicodeError where it cannot watch."""
    costs = Costs()
    baseline = Baseline(Repository.discover(root), Files(root, [root]), folder / "scratch")
    trail = Trail(root, folder / "undo", baseline, _insist)
    baseline.start()
    await costs.of("first snapshot by git", baseline.ready)
    trail.start()
    await costs.of("first look", trail.ready)
    try:
        for run in range(runs):
            await asyncio.sleep(THINKING_S)
            await costs.of("a step, waited for", lambda: _step(trail, _nothing))
            await costs.of("  its last look, behind the result", trail.settled)
            await asyncio.sleep(THINKING_S)
            await _step(trail, _nothing)
            await costs.of("a step right behind another, waited for", lambda: _step(trail, _nothing))
            await trail.settled()
            await costs.of("an edit, waited for", lambda: _edit(trail, root / "package_000/edited.py"))
            await _step(trail, partial(_change, root, run))
            await costs.of("last look, 100 files changed", trail.settled)
    finally:
        await trail.close()
        await baseline.close()
    return costs


async def _step(trail: Trail, work: Callable[[], None]) -> None:
    async with trail.step("bash", None):
        work()


async def _edit(trail: Trail, path: Path) -> None:
    async with trail.step("createfile", [str(path)]):
        path.write_text(f"{time.time_ns()}\n")


def _nothing() -> None:
    pass


def _change(root: Path, run: int) -> None:
    for count in range(100):
        path = root / "package_000/source" / f"module_{count:05}" / "some_file_0.py"
        if path.exists():
            with closing(path.open("a")) as file:
                file.write(f"{run}\n")


def _insist(event: Event) -> None:
    raise KimicodeError(f"not as planned: {event}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.undo_cost", description=__doc__)
    parser.add_argument("--files", type=int, default=FILES, metavar="N", help=f"of the workspace ({FILES})")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"steps of each kind ({RUNS})")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
