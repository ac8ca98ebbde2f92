"""`python -m nano_training.episodes.record --count N --seed S --out FILE.jsonl.gz`: episodes of the real agent.

Begun again, it goes on where it was; the same seed gives the same bugs. Bugs of families that are trained on alone.
"""

import argparse
import contextlib
import gzip
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from nano_training.bugs import choose
from nano_training.episodes import real
from nano_training.episodes.episode import UnplayableError
from nano_training.programs import families, make

FAMILIES = Path(__file__).parents[2] / "families"
IN_HAND = 64
"""Episodes that are given to the workers at once: what an interrupt can cost."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nano_training.episodes.record", description=__doc__)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--families", type=Path, default=FAMILIES)
    given = parser.parse_args(arguments)
    wanted = range(given.seed * 1_000_000, given.seed * 1_000_000 + given.count)
    record(given.out, wanted, given.families, given.workers)


def record(out: Path, numbers: range, folder: Path, workers: int) -> None:
    """Plays the episodes with these numbers that `out` does not have yet, and says how far it is. Raises OSError."""
    lines = list(recorded(out))
    _write(out, lines)
    have = {json.loads(line)["number"] for line in lines}
    missing = [number for number in numbers if number not in have]
    began, done = time.monotonic(), 0
    home = Path(tempfile.mkdtemp(prefix="record-"))
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, context, _move_in, (str(home), str(folder))) as pool:
            for start in range(0, len(missing), IN_HAND):
                waiting = [pool.submit(play, number, home) for number in missing[start : start + IN_HAND]]
                with gzip.open(out, "at", encoding="utf-8") as file:
                    for played in as_completed(waiting):
                        file.write(played.result())
                        done += 1
                rate = done / (time.monotonic() - began)
                sys.stderr.write(f"{len(have) + done} of {len(numbers)} episodes, {rate:.1f} a second\n")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def recorded(out: Path) -> Iterator[str]:
    """The whole lines of a file; a torn end, as an interrupt leaves it, is left out."""
    if not out.exists():
        return
    with gzip.open(out, "rt", encoding="utf-8") as file:
        try:
            for line in file:
                if line.endswith("\n"):
                    yield line
        except (EOFError, UnicodeDecodeError, OSError):
            return


def play(number: int, home: Path) -> str:
    """The line of an episode with this number."""
    rng = random.Random(number)
    while True:
        bug = choose.bug(make.project(_KNOWN, rng), rng)
        if bug is not None:
            with contextlib.suppress(UnplayableError):
                episode = json.loads(real.play(bug, rng, home).as_json())
                return json.dumps({"number": number} | episode, ensure_ascii=False) + "\n"


_KNOWN: list[families.Family] = []
"""Of a worker: filled once, when it starts."""


def _move_in(home: str, folder: str) -> None:
    """A worker's start: its journals go to `home`, and what it plays with is loaded."""
    os.environ["KIMICODE_HOME"] = home
    _KNOWN.extend(family for family in families.load(Path(folder)) if not families.is_held_out(family.name))


def _write(out: Path, lines: Sequence[str]) -> None:
    beside = out.with_name(f"{out.name}.part")
    with gzip.open(beside, "wt", encoding="utf-8") as file:
        file.writelines(lines)
    beside.replace(out)


if __name__ == "__main__":
    main()
