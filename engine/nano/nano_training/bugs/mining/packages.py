"""Packages whose licence permits reuse, and their source files: the standard library and what pip installed."""

import importlib.metadata
import platform
import re
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PERMITTED = re.compile(r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software|Unlicense)", re.IGNORECASE)
REFUSED = re.compile(r"GPL|GNU|MPL|Mozilla|CDDL|EPL|proprietary|LicenseRef", re.IGNORECASE)
TESTS = re.compile(r"(^|/)(tests?|examples)/|(^|/)test_|_test\.py$")
OURS = frozenset({"kimicode", "kimi-nano"})
SKIPPED = frozenset(
    [
        "_distutils_hack",
        "_vendor",
        "_vendored",
        "benchmarks",
        "bin",
        "examples",
        "extern",
        "externals",
        "idlelib",
        "lexers",
        "lib2to3",
        "locale",
        "locales",
        "migrations",
        "pip",
        "site-packages",
        "test",
        "testing",
        "tests",
        "tree",
        "turtledemo",
        "typeshed",
        "vendor",
        "vendored",
    ]
)
"""Folders of tests, of others' code, or of tables."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package as it is installed."""

    name: str
    version: str
    licence: str
    files: tuple[Path, ...]
    root: Path
    """Where its imports begin."""
    tests: tuple[Path, ...] = ()
    """Its tests and examples, which are read for values alone."""


def standard() -> Package:
    """The standard library of the running Python."""
    root = Path(sysconfig.get_paths()["stdlib"])
    files = tuple(path for path in sorted(root.rglob("*.py")) if wanted(path.relative_to(root)))
    return Package("python", platform.python_version(), "PSF-2.0", files, root)


def installed(folders: Sequence[Path]) -> Iterator[Package]:
    """Packages in folders that pip installs to, those alone whose licence permits."""
    for found in importlib.metadata.distributions(path=[str(folder) for folder in folders]):
        name = found.metadata["Name"].lower()
        stated = licence(found)
        if name in OURS or REFUSED.search(stated) or not PERMITTED.search(stated):
            continue
        paths = [path for path in found.files or () if path.suffix == ".py" and ".." not in path.parts]
        files = tuple(sorted(Path(str(path.locate())) for path in paths if wanted(Path(path))))
        tests = tuple(sorted(Path(str(path.locate())) for path in paths if TESTS.search(str(path))))
        yield Package(name, found.version, stated, files, Path(str(found.locate_file(""))), tests)


def licence(found: importlib.metadata.Distribution) -> str:
    """What a package says about its licence, in one line."""
    metadata = found.metadata
    named = [
        each.split("::")[-1].strip() for each in metadata.get_all("Classifier") or [] if each.startswith("License")
    ]
    plain = (metadata.json.get("license_expression"), "; ".join(named), metadata.json.get("license"))
    stated = next((str(each) for each in plain if each), "")
    return stated.split("\n")[0][:100]


def wanted(path: Path) -> bool:
    """Whether a file is a package's own code."""
    parts = set(path.parts[:-1])
    return (
        not parts & SKIPPED and not path.name.startswith(("test_", "conftest")) and not path.name.endswith("_test.py")
    )
