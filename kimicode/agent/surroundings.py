"""A look around before the first prompt: the project's files, git's state, the instructions."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from kimicode.agent.prompt import Surroundings, list_files
from kimicode.errors import KimicodeError, ToolError
from kimicode.git.describe import describe
from kimicode.git.repository import Repository, why_not
from kimicode.workspace import reading

MOST_WALKED = 2_000
SKIPPED = {"node_modules", "__pycache__", "venv", "build", "dist", "target"}
MOST_TESTS_READ = 20
_PYTEST = re.compile(r"^\s*(?:import|from) +pytest\b", re.MULTILINE)
_UNITTEST = re.compile(r"^\s*(?:import|from) +unittest\b", re.MULTILINE)


def look_around(
    cwd: Path, repository: Repository | None, instructions: Sequence[tuple[Path | str, str]]
) -> Surroundings:
    """What the system prompt says of the place; a git that fails is said, not raised."""
    try:
        git = describe(repository) if repository else why_not(cwd)
    except KimicodeError as error:
        git = f"cannot be asked ({error.message})"
    files, more = list_files(walk(cwd))
    return Surroundings(cwd, git, test_command(cwd), files, more, [(str(name), body) for name, body in instructions])


def test_command(root: Path) -> str:
    """How the project's tests are run, from the files that say so; "" where none does."""
    if (root / "Cargo.toml").is_file():
        return "cargo test"
    if (root / "go.mod").is_file():
        return "go test ./..."
    if _mentions(root / "package.json", '"test":'):
        return "npm test"
    runner = _python_runner(root)
    if runner:
        own = next((f"{name}/bin/python" for name in (".venv", "venv") if (root / name / "bin/python").exists()), "")
        return f"{own or ('python' if shutil.which('python') else 'python3')} -m {runner}"
    if _mentions(root / "Makefile", "\ntest:"):
        return "make test"
    return ""


def _mentions(path: Path, text: str) -> bool:
    try:
        return text in reading.load(path, path.name).decode("utf-8", "replace")
    except ToolError:
        return False


def _python_runner(root: Path) -> str:
    """The module that runs the project's Python tests; "" without any. Pytest runs both kinds, but need not be there.

    So tests that are unittest's alone, with no sign of pytest, are run by what every Python has.
    """
    folders = {name: sorted((root / name).glob("test_*.py")) for name in ("tests", "test", ".")}
    with_tests = [name for name, found in folders.items() if found]
    if _configures_pytest(root):
        return "pytest -q"
    if not with_tests:
        return ""
    if not all(_is_unittest(path) for found in folders.values() for path in found[:MOST_TESTS_READ]):
        return "pytest -q"
    below = with_tests[0]
    alone = len(with_tests) == 1 and below != "." and not (root / below / "__init__.py").is_file()
    return f"unittest discover -s {below}" if alone else "unittest"


def _configures_pytest(root: Path) -> bool:
    signs = ("conftest.py", "tests/conftest.py", "test/conftest.py", "pytest.ini", ".pytest.ini")
    configs = (("pyproject.toml", "pytest"), ("setup.cfg", "[tool:pytest]"), ("tox.ini", "pytest"))
    return any((root / name).is_file() for name in signs) or any(_mentions(root / name, text) for name, text in configs)


def _is_unittest(path: Path) -> bool:
    """Whether a test file needs nothing but the standard library's runner."""
    try:
        text = reading.load(path, path.name).decode("utf-8", "replace")
    except ToolError:
        return False
    return bool(_UNITTEST.search(text)) and not _PYTEST.search(text)


def walk(root: Path) -> list[str]:
    """Relative names of at most MOST_WALKED visible files, breadth first in effect: shallow folders come first."""
    names: list[str] = []
    folders = [""]
    while folders and len(names) < MOST_WALKED:
        folder = folders.pop(0)
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in SKIPPED:
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{folder}{entry.name}/")
            else:
                names.append(f"{folder}{entry.name}")
    return [name.encode("utf-8", "backslashreplace").decode() for name in names[:MOST_WALKED]]
