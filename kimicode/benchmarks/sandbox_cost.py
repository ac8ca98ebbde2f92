"""What the sandbox costs: milliseconds of a command with and without it, and of its start.

`python -m kimicode.benchmarks.sandbox_cost [--commands N] [--out FILE]`. The commands of all places take turns, so that
whatever else the machine does falls on each of them alike.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kimicode.benchmarks.loop_cost import machine
from kimicode.workspace.sandbox.layers import Layer, best, find
from kimicode.workspace.sandbox.policy import Policy
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.shell import Shell

COMMANDS = 200
STARTS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a line for each place, and write the figures where asked to."""
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.sandbox_cost", description=__doc__)
    parser.add_argument("--commands", type=int, default=COMMANDS, metavar="N", help=f"in each place ({COMMANDS})")
    parser.add_argument("--starts", type=int, default=STARTS, metavar="N", help=f"of each sandbox ({STARTS})")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sandbox-cost-") as folder:
        figures = asyncio.run(measure(Path(folder).resolve(), options.commands, options.starts))
    for place, told in figures["places"].items():
        print(place, *(f"{name} {value}" for name, value in told.items()), sep="  ")
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0


async def measure(folder: Path, commands: int, starts: int) -> dict[str, Any]:
    """Milliseconds of `true` in each place there is here, and of the start of its sandbox, the trial not counted."""
    layers: dict[str, Layer | None] = {"bare": None, "supervisor alone": Layer("none")}
    layers |= {layer.name: layer for layer in (find(), best(None)) if layer.name != "none"}
    load = os.getloadavg()[0]
    shells = {place: _shell(layer, folder) for place, layer in layers.items()}
    times: dict[str, list[float]] = {place: [] for place in layers}
    try:
        for turn in range(commands + 1):
            for place, shell in shells.items():
                taken = await _command(shell)
                if turn:  # the first one starts the sandbox
                    times[place].append(taken)
    finally:
        await asyncio.gather(*(shell.close() for shell in shells.values()))
    places = {place: _summary(taken) for place, taken in times.items()}
    for place, layer in layers.items():
        if layer is not None:
            places[place]["start_ms"] = round(
                statistics.median([await _start(layer, folder) for _ in range(starts)]), 1
            )
            places[place]["over_bare_ms"] = round(places[place]["p50_ms"] - places["bare"]["p50_ms"], 1)
    return {**machine(), "load_before": round(load, 1), "commands": commands, "places": places}


def _shell(layer: Layer | None, folder: Path) -> Shell:
    return Shell(folder, folder / "spill", sandbox=Sandbox(layer, Policy(writable=(folder,))) if layer else None)


async def _command(shell: Shell) -> float:
    began = time.perf_counter()
    await shell.run("true")
    return 1000 * (time.perf_counter() - began)


async def _start(layer: Layer, folder: Path) -> float:
    sandbox = Sandbox(layer, Policy(writable=(folder,)))
    began = time.perf_counter()
    await sandbox.start()
    taken = 1000 * (time.perf_counter() - began)
    await sandbox.close()
    return taken


def _summary(taken: list[float]) -> dict[str, float]:
    ranked = sorted(taken)
    return {
        "p50_ms": round(statistics.median(ranked), 1),
        "p95_ms": round(ranked[int(0.95 * (len(ranked) - 1))], 1),
        "least_ms": round(ranked[0], 1),
    }


if __name__ == "__main__":
    raise SystemExit(main())
