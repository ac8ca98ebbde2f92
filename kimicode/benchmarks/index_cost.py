"""What the index costs: cold, warm, after one edit and when asked, in seconds, memory and bytes on the disk.

`python -m kimicode.benchmarks.index_cost [--out FILE.json]`; `index_plot` draws what it wrote. The corpora are made
from installed packages (`index_corpus`). Every cold build is a process of its own; memory is that of all of them.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kimicode.benchmarks.index_corpus import make
from kimicode.benchmarks.loop_cost import machine
from kimicode.benchmarks.search_cost import measure as measure_search
from kimicode.git.listing import files
from kimicode.git.repository import Repository
from kimicode.index.build import refresh, touch
from kimicode.index.graph import empty
from kimicode.index.search import Files, find
from kimicode.index.service import refreshed
from kimicode.index.store import Store

QUESTION = "attention mask cache"
EDITS, REPEATS = 15, 7

_COLD = """
import json, sys, time
from pathlib import Path
from kimicode.index.build import refresh
from kimicode.index.store import Store
store, begun, steps = Store.open(Path(sys.argv[2]), Path(sys.argv[1])), time.perf_counter(), []
def progress(done, total):
    steps.append((time.perf_counter() - begun, done, total))
report = refresh(store, Path(sys.argv[1]), None, on_progress=progress)
print(json.dumps({"seconds": report.seconds, "indexed": report.indexed, "timed_out": report.timed_out, "steps": steps}))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the corpora, measure each, print the figures and write them where asked to."""
    options = _parser().parse_args(arguments)
    results: list[dict[str, Any]] = []
    for count, megabytes in options.corpus or [(5_100, 85.0), (30_000, 250.0)]:
        with tempfile.TemporaryDirectory(prefix="kimicode-index-", dir=options.scratch) as scratch:
            results.append(measure(Path(scratch), count, megabytes, options.repeat, options.queries))
        print(json.dumps({key: value for key, value in results[-1].items() if key != "curve"}, indent=1), flush=True)
    if options.out:
        options.out.write_text(json.dumps({**machine(), "corpora": results}, indent=1) + "\n", "utf-8")
    return 0


def measure(scratch: Path, wanted: int, megabytes: float, repeat: int, queries: int) -> dict[str, Any]:
    """All figures of one corpus."""
    root, folder = scratch / "tree", scratch / "index"
    count, size = make(root, wanted, megabytes)
    runs = [_cold(root, folder) for _ in range(repeat)]
    best = min(runs, key=lambda run: run["seconds"])
    stored = sum(path.stat().st_size for path in folder.iterdir())
    store = Store.open(folder, root)
    refresh(store, root, None)
    listed = [row.path for row in store.files()]
    return {
        "files": count,
        "source_mb": round(size / 1e6, 1),
        "load_before": [run["load"] for run in runs],
        "cold_s": [round(run["seconds"], 2) for run in runs],
        "cpu_s": [round(run["cpu"], 2) for run in runs],
        "peak_mb": [round(run["peak_mb"]) for run in runs],
        "files_after_2_s": max((done for at, done, _ in best["steps"] if at <= 2.0), default=0),
        "first_answer_s": round(best["answer_s"], 2),
        "timed_out": best["timed_out"],
        "index_mb": round(stored / 1e6, 1),
        "index_to_source": round(stored / size, 3),
        "unchanged_walk_ms": _timed([lambda: refresh(store, root, None)] * REPEATS),
        "unchanged_listed_ms": _timed([lambda: refresh(store, root, listed)] * REPEATS),
        "unchanged_git_ms": _with_git(root, folder),
        "edit_ms": _edits(store, root, listed),
        "search": measure_search(store, root, queries),
        "curve": [(round(at, 2), done) for at, done, _ in best["steps"]],
    }


def _cold(root: Path, folder: Path) -> dict[str, Any]:
    """Build from nothing in a new process, and meanwhile ask until something is found."""
    shutil.rmtree(folder, ignore_errors=True)
    load = round(os.getloadavg()[0], 1)
    before = os.times()
    command = [sys.executable, "-c", _COLD, os.fspath(root), os.fspath(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0) as process:
        peak = _Peak(process.pid)
        answer_s = _first_answer(root, folder)
        output, _ = process.communicate()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    found: dict[str, Any] = json.loads(output)
    return {**found, "load": load, "cpu": cpu, "peak_mb": peak.stop(), "answer_s": answer_s}


def _first_answer(root: Path, folder: Path) -> float:
    """Seconds from the start of the building process to the first symbol that is found."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < 60:
        time.sleep(0.05)
        if (folder / "index.sqlite").exists():
            store = Store.open(folder, root)
            found = any(one.symbols for one in find(store, Files.of(store), empty(), QUESTION).found)
            store.close()
            if found:
                break
    return time.perf_counter() - begun


def _with_git(root: Path, folder: Path) -> dict[str, float]:
    """A refresh that finds nothing changed and has its files from git."""
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-C", os.fspath(root), *words], check=True, stderr=subprocess.DEVNULL)
    repository = Repository.discover(root)
    assert repository is not None
    refreshed(folder, root, lambda: files(repository))
    return _timed([lambda: refreshed(folder, root, lambda: files(repository))] * REPEATS)


def _edits(store: Store, root: Path, listed: list[str]) -> dict[str, float]:
    """From an edited file on the disk to its new symbol in an answer."""
    chosen = [path for path in listed if path.endswith(".py")][:: len(listed) // EDITS][:EDITS]
    for number, path in enumerate(chosen):
        with open(root / path, "a") as file:
            file.write(f"\n\ndef freshly_added_{number}():\n    pass\n")

    def look_again(number: int, path: str) -> None:
        touch(store, root, [path])
        assert store.definitions(f"freshly_added_{number}")

    return _timed([partial(look_again, number, path) for number, path in enumerate(chosen)])


def _timed(actions: Sequence[Callable[[], object]]) -> dict[str, float]:
    """Milliseconds by the clock, and the median of what this process computed: other programs lengthen that less."""
    passed, computed = [], []
    for action in actions:
        begun, begun_computing = time.perf_counter(), time.process_time()
        action()
        passed.append(1000 * (time.perf_counter() - begun))
        computed.append(1000 * (time.process_time() - begun_computing))
    passed.sort()
    return {
        "least": round(passed[0], 1),
        "median": round(statistics.median(passed), 1),
        "p95": round(passed[min(len(passed) - 1, int(0.95 * len(passed)))], 1),
        "cpu": round(statistics.median(computed), 1),
    }


class _Peak:
    """The most memory that a process group had at once: proportional set sizes, so that shared pages count once."""

    def __init__(self, group: int) -> None:
        self._group, self._most = group, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Megabytes."""
        self._ended.set()
        self._thread.join()
        return self._most / 1000

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self._most = max(self._most, sum(map(_kilobytes, _family(self._group))))


def _family(parent: int) -> list[int]:
    """A process and its children."""
    try:
        tasks = os.listdir(f"/proc/{parent}/task")
        children = [one for task in tasks for one in Path(f"/proc/{parent}/task/{task}/children").read_text().split()]
    except OSError:
        return []
    return [parent, *map(int, children)]


def _kilobytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _pair(text: str) -> tuple[int, float]:
    count, _, megabytes = text.partition(":")
    return int(count), float(megabytes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.index_cost", description=__doc__)
    parser.add_argument(
        "--corpus", action="append", type=_pair, metavar="FILES:MB", help="only this size (may be repeated)"
    )
    parser.add_argument("--repeat", type=int, default=3, help="cold builds of each corpus (3)")
    parser.add_argument("--queries", type=int, default=100, help="of each kind (100)")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where to put the corpora")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
