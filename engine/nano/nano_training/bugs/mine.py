"""Collects functions and projects from permissively licensed packages, for training.

`python -m nano_training.bugs.mine --out FILE.jsonl.gz --packages FOLDER` reads the standard library and what
`pip install --no-deps --target FOLDER -r packages.txt` put there (the list stands in `mining/`); `--recheck FILE`
drops what fails under the Python that runs it, and what resembles held-out families or the course.
"""

import argparse
import random
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from nano_training.bugs import mined, mutate
from nano_training.bugs.mining import apart, closure, cut, packages, patience, written
from nano_training.bugs.mining.harvest import Harvest, reaped
from nano_training.bugs.mining.library import Library, Module
from nano_training.bugs.mining.packages import Package
from nano_training.bugs.view import View
from nano_training.project import Project

MOST = 2500
"""Functions of one package."""
PLACES = 12
"""Changes that a source must have room for."""
SAVED = 250
"""Files after which what has been found is written."""
Record = dict[str, str]
LATEST: dict[str, tuple[Library, Harvest]] = {}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="nano_training.bugs.mine", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.add_argument("--packages", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--recheck", type=Path, metavar="FILE")
    parser.add_argument("--before", type=Path, metavar="FILE", help="a file of before, whose finds come along")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.recheck:
        recheck(given.recheck)
    elif given.out:
        sources = [packages.standard(), *packages.installed(given.packages)]
        collect(given.out, sources, apart.judged(), given.seed, given.before)
    else:
        parser.error("either --out or --recheck")


def collect(out: Path, sources: Sequence[Package], codes: Sequence[str], seed: int, before: Path | None = None) -> None:
    """Reads all packages, small ones first, and writes one file without what resembles any of the codes; `before` is
    such a file, whose finds come along."""
    sources = sorted(sources, key=lambda each: len(each.files))
    found = Found([] if before is None else list(mined.records(before)))
    for each in sources:
        found.package({"package": each.name, "version": each.version, "licence": each.licence})
    work = [(each, path, seed) for each in sources for path in each.files]
    for number, records in patience.streamed(work, of_file):
        for record in records:
            found.add(record, codes)
        if number % SAVED == SAVED - 1 or number == len(work) - 1:
            mined.write(out, found.records)
            print(f"{number + 1} of {len(work)} files: {summary(found.records)}", flush=True)


class Found:
    """Records, each idea once, and not too many of one package."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.seen = {self.what(record) for record in records if "source" in record}
        self.counts = Counter(record["package"] for record in records if "source" in record and "tests" not in record)

    @staticmethod
    def what(record: Record) -> str:
        """The same for records that say the same."""
        return ("project " if "tests" in record else "function ") + cut.idea(record["source"])

    def package(self, record: Record) -> None:
        """Notes a package, unless it is noted in this version."""
        if record not in self.records:
            self.records.append(record)

    def add(self, record: Record, codes: Sequence[str]) -> None:
        """Takes a record in, if it is new."""
        what = self.what(record)
        if what in self.seen or ("tests" not in record and self.counts[record["package"]] >= MOST):
            return
        self.seen.add(what)
        if is_apart(record, codes):
            self.counts[record["package"]] += "tests" not in record
            self.records.append(record)


def summary(found: list[Record]) -> str:
    """What has been found so far, in words."""
    projects = sum("tests" in record for record in found)
    plain = sum("source" in record for record in found) - projects
    return f"{plain} functions, {projects} projects"


def of_file(work: tuple[Package, Path, int]) -> Iterator[Record | None]:
    """Everything that one file gives, and None from time to time."""
    package, path, seed = work
    rng = random.Random(f"{seed} {package.name} {path.name}")
    library, harvest = known(package)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = library.module(path)
        if module is not None:
            yield from functions(package.name, module)
            yield from projects(package.name, module, library, harvest, rng)


def known(package: Package) -> tuple[Library, Harvest]:
    """A package's modules, and the values that its calls hold: kept while its files are read."""
    if package.name not in LATEST:
        LATEST.clear()
        LATEST[package.name] = Library(package.root), reaped([*package.tests, *package.files])
    return LATEST[package.name]


def functions(package: str, module: Module) -> Iterator[Record | None]:
    """Pieces with room for mistakes."""
    for name, text in cut.pieces(module.source):
        fits = len(mutate.changes(View(text))) >= PLACES
        yield {"package": package, "name": name, "source": text} if fits else None


def projects(
    package: str, module: Module, library: Library, harvest: Harvest, rng: random.Random
) -> Iterator[Record | None]:
    """Functions and classes that can be called, with tests."""
    ideas = set()
    for program in closure.programs(module, library):
        yield None
        idea = cut.idea(program.source)
        if idea in ideas or len(mutate.changes(View(program.source))) < PLACES:
            continue
        ideas.add(idea)
        made = written.project(program, module.path or Path("module.py"), harvest, rng)
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
