"""The set for reviews: changes to real packages with a proven bug or with none, under review/cases and review/packages.

A package is the few files that matter of a published one, as a patch that makes them; a case is one TOML file.
"""

import hashlib
import subprocess
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kimicode.errors import UsageError
from kimicode.review.findings import Category, Severity

FOLDER = Path(__file__).parent / "review"

Half = Literal["dev", "test"]
"""Prompts may be tuned on dev alone."""


@dataclass(frozen=True, slots=True)
class Package:
    """`files` maps each path to its archive, its name in there, and its SHA-256; `archives` maps names to theirs."""

    name: str
    version: str
    licence: str
    language: Literal["python", "javascript"]
    archives: dict[str, str]
    files: dict[str, tuple[str, str, str]]
    patch: Path

    def unpack(self, target: Path) -> None:
        """Make the files in `target`, an existing empty folder. Raises UsageError where one is not as published."""
        apply(self.patch.read_bytes(), target)
        changed = [name for name, (_, _, digest) in self.files.items() if digest_of(target / name) != digest]
        if changed:
            raise UsageError(f"{self.name} {self.version} is not as published: {', '.join(changed)}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bug stands in the changed file: its lines, and the function around them. Lines count from 1."""

    path: str
    first: int
    last: int
    symbol: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Case:
    """A change, and what is wrong with it; `category` and `severity` are None and `places` empty where nothing is.

    `title` and `description` are what its author says of it. `proof` is a program for the changed tree: of a bug it
    fails by an assertion, and passes once `fix` is applied; of a harmless change it prints the same before and after.
    """

    name: str
    title: str
    description: str
    package: Package
    half: Half
    why: str
    change: str
    proof: str
    category: Category | None = None
    severity: Severity | None = None
    regression: bool = False
    """Whether the proof passes before the change, too: then it broke something that worked."""
    mutation: bool = False
    """Whether the bug is one changed token or line in little else."""
    fix: str = ""
    places: tuple[Place, ...] = ()

    @property
    def harmless(self) -> bool:
        return self.category is None


def load(names: Iterable[str] = (), half: Half | None = None) -> list[Case]:
    """The cases of these names or all, of one half or both. Raises UsageError for a name that is not there."""
    known = {path.stem: path for path in sorted((FOLDER / "cases").glob("*.toml"))}
    wanted = sorted(set(names)) or list(known)
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(f"no such case: {', '.join(unknown)}", hint=f"They are the files in {FOLDER / 'cases'}.")
    packages = {package.name: package for package in load_packages()}
    cases = [_case(known[name], packages) for name in wanted]
    return [case for case in cases if half in (None, case.half)]


def load_packages() -> list[Package]:
    """All packages, by name."""
    return [_package(path) for path in sorted((FOLDER / "packages").glob("*.toml"))]


def spread(cases: Sequence[Case], most: int) -> list[Case]:
    """At most `most` of them in an order without meaning, bugs and harmless ones in the proportion that they have."""
    shuffled = sorted(cases, key=lambda case: hashlib.sha256(case.name.encode()).digest())
    kinds = [[case for case in shuffled if case.harmless is harmless] for harmless in (False, True)]
    placed = [((at + 0.5) / len(kind), case) for kind in kinds for at, case in enumerate(kind)]
    return [case for _, case in sorted(placed, key=lambda pair: pair[0])][:most]


def digest() -> str:
    """Stands for all that is reviewed and looked for: results of different sets cannot be compared."""
    patches = [package.patch.read_bytes() for package in load_packages()]
    seen = [(case.name, case.title, case.description, case.change, case.category, case.places) for case in load()]
    return hashlib.sha256(b"".join(patches) + repr(seen).encode()).hexdigest()[:16]


def apply(patch: bytes, target: Path) -> None:
    """Apply a patch to the files in `target`, whatever repository surrounds it. Raises UsageError where it cannot."""
    command = ["git", f"--git-dir={target / 'no-repository'}", "apply", "--whitespace=nowarn", "-"]
    done = subprocess.run(command, cwd=target, input=patch, capture_output=True, check=False)
    if done.returncode:
        raise UsageError(f"a patch does not apply in {target}: {done.stderr.decode(errors='replace').strip()}")


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, "" where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _package(path: Path) -> Package:
    entry = tomllib.loads(path.read_text("utf-8"))
    files = {name: (archive, member, digest) for name, (archive, member, digest) in entry.pop("files").items()}
    return Package(**entry, files=files, patch=path.with_suffix(".patch"))


def _case(path: Path, packages: dict[str, Package]) -> Case:
    entry: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    harmless, package = entry.pop("harmless"), packages[entry.pop("package")]
    if not harmless:
        entry["severity"] = Severity[entry["severity"].upper()]
        entry["places"] = tuple(_place(bug) for bug in entry.pop("bugs"))
    return Case(name=path.stem, package=package, **entry)


def _place(bug: dict[str, Any]) -> Place:
    first, last = bug["lines"]
    return Place(bug["path"], first, last, bug["symbol"], tuple(bug["span"]))
