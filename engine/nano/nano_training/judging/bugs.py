"""`python -m nano_training.judging.bugs --count N --seed S --out FILE.json`: bugs to judge by, in held-out families.

`--course FOLDER` adds, or alone gives, bugs that people wrote. The file is what `kimicode demo` reads."""

import argparse
import hashlib
import json
import random
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kimicode.cli import demo_bugs
from kimicode.cli.demo_bugs import PROMPT, DemoBug
from nano_training.data.sources import Twin
from nano_training.programs.families import FOLDER
from nano_training.project import Bug

WRITTEN = "hand-written"
"""The kind of a bug that a person wrote, where its bug.toml gives none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Choose, write, and count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=0, metavar="N", help="bugs in held-out families")
    parser.add_argument("--seed", default="1", metavar="S")
    parser.add_argument("--families", type=Path, default=FOLDER, metavar="FOLDER")
    parser.add_argument("--course", type=Path, metavar="FOLDER", help="hand-written ones, a folder each")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    given = parser.parse_args(arguments)
    found = list(held_out(given.families, given.count, given.seed)) + (course(given.course) if given.course else [])
    given.out.write_text(json.dumps([entry(bug) for bug in found], indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(f"{len(found)} bugs in {given.out}\n")
    return 0


def held_out(families: Path, count: int, seed: str) -> Iterator[DemoBug]:
    """Bugs that differ, one of each project, in families that nothing is trained on."""
    seen: set[str] = set()
    bugs = Twin(families, held_out=True, bugs_of_a_project=1).bugs(random.Random(f"judging {seed}"))
    while len(seen) < count:
        bug = next(bugs)
        if bug.broken not in seen:
            seen.add(bug.broken)
            yield shown(bug)


def shown(bug: Bug) -> DemoBug:
    """A generated bug as the demonstration has it."""
    return DemoBug(
        id=hashlib.sha256(bug.broken.encode()).hexdigest()[:8],
        title=f"{', '.join(bug.project.families)}: {bug.injection.kind}",
        module=bug.project.module,
        source=bug.project.source,
        tests=bug.project.tests,
        broken=bug.broken,
        kind=bug.injection.kind,
        why=bug.why,
    )


def load(path: Path) -> tuple[DemoBug, ...]:
    """Bugs of a JSON file or of a folder of hand-written ones. Raises KimicodeError, OSError, ValueError."""
    return tuple(course(path)) if path.is_dir() else demo_bugs.load(path)


def course(folder: Path) -> list[DemoBug]:
    """The hand-written bugs, by name. Raises OSError, ValueError for a folder that is not of their kind."""
    return [_written(about.parent) for about in sorted(folder.glob("*/bug.toml"))]


def entry(bug: DemoBug) -> dict[str, Any]:
    """A bug as JSON; `line`, `old` and `new` say what lines of the right source give way to which."""
    line, old, new = changed(bug.source, bug.broken)
    names = ("id", "title", "module", "source", "tests", "kind", "why", "prompt")
    return {**{name: getattr(bug, name) for name in names}, "line": line, "old": old, "new": new}


def changed(source: str, broken: str) -> tuple[int, str, str]:
    """The first line that differs, from 1, and the lines from there that stand for each other; none is empty."""
    before, after = source.split("\n"), broken.split("\n")
    least = min(len(before), len(after)) - 1
    head = next((at for at in range(least) if before[at] != after[at]), least)
    tail = next((at for at in range(least - head) if before[-1 - at] != after[-1 - at]), least - head)
    return (
        head + 1,
        "\n".join(before[head : len(before) - tail]),
        "\n".join(after[head : len(after) - tail]),
    )


def _written(folder: Path) -> DemoBug:
    about = tomllib.loads((folder / "bug.toml").read_text("utf-8"))
    tests = next(folder.glob("test_*.py"), None)
    if tests is None:
        raise ValueError(f"{folder} has no tests")
    module = tests.stem.removeprefix("test_")
    return DemoBug(
        id=folder.name,
        title=about["title"],
        module=module,
        source=(folder / "fixed.py").read_text("utf-8"),
        tests=tests.read_text("utf-8"),
        broken=(folder / f"{module}.py").read_text("utf-8"),
        kind=about.get("kind", WRITTEN),
        why=about.get("why", about["title"]),
        prompt=about.get("prompt", PROMPT),
    )


if __name__ == "__main__":
    sys.exit(main())
