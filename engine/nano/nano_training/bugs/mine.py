"""Collects functions and projects from permissively licensed packages, for training.

`python -m nano_training.bugs.mine --out FILE.jsonl.gz --packages FOLDER` reads the standard library and what
`pip install --no-deps --target FOLDER -r packages.txt` put there (the list stands in `mining/`); `--recheck FILE`
drops what fails under the Python that runs it, and what resembles held-out families or the course.
"""

import argparse
import multiprocessing
import random
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from nano_training.bugs import mined, mutate
from nano_training.bugs.mining import apart, closure, cut, packages, written
from nano_training.bugs.view import View
from nano_training.project import Project

MOST = 2500
"""Functions of one package."""
PLACES = 12
"""Changes that a source must have room for."""
SAVED = 500
"""Files after which what has been found is written."""
Record = dict[str, str]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="nano_training.bugs.mine", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.add_argument("--packages", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--recheck", type=Path, metavar="FILE")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.recheck:
        recheck(given.recheck)
    elif given.out:
        collect(given.out, given.packages, given.workers, given.seed)
    else:
        parser.error("either --out or --recheck")


def collect(out: Path, folders: list[Path], workers: int, seed: int) -> None:
    """Reads all packages, small ones first, and writes one file."""
    sources = sorted([packages.standard(), *packages.installed(folders)], key=lambda each: len(each.files))
    found: list[Record] = [{"package": each.name, "version": each.version, "licence": each.licence} for each in sources]
    work = [(each.name, path, seed) for each in sources for path in each.files]
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    with multiprocessing.get_context("fork").Pool(workers, maxtasksperchild=200) as pool:
        for number, records in enumerate(pool.imap(of_file, work, chunksize=4), 1):
            for record in records:
                what = ("project " if "tests" in record else "function ") + cut.idea(record["source"])
                if what not in seen and counts[record["package"]] < MOST:
                    seen.add(what)
                    counts[record["package"]] += "tests" not in record
                    found.append(record)
            if number % SAVED == 0 or number == len(work):
                mined.write(out, found)
                print(f"{number} of {len(work)} files: {summary(found)}", flush=True)


def summary(found: list[Record]) -> str:
    """What has been found so far, in words."""
    projects = sum("tests" in record for record in found)
    plain = sum("source" in record for record in found) - projects
    return f"{plain} functions, {projects} projects"


def of_file(work: tuple[str, Path, int]) -> list[Record]:
    """Everything that one file gives."""
    package, path, seed = work
    rng = random.Random(f"{seed} {package} {path.name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source = path.read_text("utf-8")
            return [*functions(package, source), *projects(package, path, source, rng)]
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return []


def functions(package: str, source: str) -> Iterator[Record]:
    """Pieces with room for mistakes."""
    for name, text in cut.pieces(source):
        if len(mutate.changes(View(text))) >= PLACES:
            yield {"package": package, "name": name, "source": text}


def projects(package: str, path: Path, source: str, rng: random.Random) -> Iterator[Record]:
    """Functions that can be called, with tests."""
    for program in closure.programs(source):
        if len(mutate.changes(View(program.source))) < PLACES:
            continue
        made = written.project(program, path, rng)
        if made is not None:
            yield {
                "package": package,
                "name": program.name,
                "module": made.module,
                "source": made.source,
                "tests": made.tests,
            }


def recheck(path: Path) -> None:
    """Drops what fails under this Python or cannot be read, and what the model is judged by elsewhere."""
    codes = apart.judged()
    kept = [record for record in mined.records(path) if holds(record) and is_apart(record, codes)]
    mined.write(path, kept)
    print(f"{summary(kept)} under Python {re.split(r'[ +]', sys.version)[0]}")


def is_apart(record: Record, codes: Sequence[str]) -> bool:
    """Whether a record is far from everything that the model is judged by."""
    return "source" not in record or apart.is_apart(record["source"], codes)


def holds(record: Record) -> bool:
    """Whether a record is right under this Python."""
    if "tests" in record:
        return written.passes(Project((record["name"],), record["module"], record["source"], record["tests"]))
    try:
        compile(record.get("source", ""), "<function>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


if __name__ == "__main__":
    main()
