"""Judges a repository by facts alone: which tests pass by name, and which files differ from before.

A test counts only if it ran and passed; one that was deleted, skipped or marked as expected to fail does not.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

TEST_TIMEOUT = 120.0
"""Seconds; a bug's tests take one."""

_IGNORED = {".git", "__pycache__", ".pytest_cache"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One run of the test command; `passed` and `failed` hold test names, `failed` the skipped ones as well."""

    exit_code: int | None
    passed: frozenset[str]
    failed: frozenset[str]
    output: str

    @property
    def tests(self) -> frozenset[str]:
        return self.passed | self.failed

    def proves(self, tests: frozenset[str]) -> bool:
        """Every one of these tests ran and passed, and nothing else failed."""
        return self.exit_code == 0 and tests <= self.passed


def search_path() -> str:
    """PATH with this interpreter first, so that `python` means the one that has pytest."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def run_tests(command: Sequence[str], folder: Path, *, timeout: float = TEST_TIMEOUT) -> Verdict:
    """Run a pytest command in `folder`; `exit_code` is None when it took longer than `timeout` seconds.

    The folder's bytecode is removed first: that of a file which changed twice within a second may be stale.
    """
    for cache in list(folder.rglob("__pycache__")):
        shutil.rmtree(cache, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="kimicode-judge-") as scratch:
        report, output = Path(scratch) / "report.xml", Path(scratch) / "output"
        exit_code = _run(command, folder, report, output, timeout)
        if exit_code is None:
            return Verdict(None, frozenset(), frozenset(), f"no end after {timeout:g} s")
        passed, failed = _read_report(report)
        return Verdict(exit_code, passed, failed, output.read_text("utf-8", errors="replace"))


def _run(command: Sequence[str], folder: Path, report: Path, output: Path, timeout: float) -> int | None:
    """Output goes to a file, not a pipe: what a test leaves running in the background could hold a pipe open."""
    with (
        output.open("wb") as stream,
        subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(report),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as tests,
    ):
        try:
            return tests.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            kill_group(tests)


def kill_group(leader: "subprocess.Popen[bytes]") -> None:
    """End what is left of a process group that `leader` started."""
    # ProcessLookupError: nothing is left; macOS says so with PermissionError.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, signal.SIGKILL)


def fingerprint(folder: Path) -> dict[str, str]:
    """A hash for every file under `folder`, by its path relative to it; caches and .git are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if _IGNORED.intersection(relative.parts) or (path.is_dir() and not path.is_symlink()):
            continue
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        found[relative.as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Paths that were changed, added or removed."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def among(paths: Iterable[str], protected: Iterable[str]) -> list[str]:
    """Those of `paths` that are one of the protected files or lie in a protected folder."""
    roots = tuple(protected)
    return [path for path in paths if any(path == root or path.startswith(f"{root}/") for root in roots)]


def _environment(report: Path) -> dict[str, str]:
    """Nothing but what a test needs: the code under test was written by a model and gets no keys to read."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PATH": search_path(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": f"-p no:cacheprovider --junitxml={report}",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


def _read_report(report: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Names of passed tests and of all others. No report, or half of one, means that nothing passed."""
    try:
        cases = ET.parse(report).iter("testcase")
    except (OSError, ET.ParseError):
        return frozenset(), frozenset()
    outcome = {f"{case.get('classname')}::{case.get('name')}": len(case) == 0 for case in cases}
    passed = frozenset(name for name, good in outcome.items() if good)
    return passed, frozenset(outcome) - passed
