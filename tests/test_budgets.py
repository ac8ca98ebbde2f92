"""The house limits, measured: lengths, broad handlers, names, docstrings, patching and stray paths."""

import ast
import functools
import math
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("kimicode", "engine", "kernels")
BROKEN = (ROOT / "kimicode" / "benchmarks" / "bugs", ROOT / "engine" / "nano" / "course")
"""Programs with bugs, which are data."""

FILE_P90, FILE_HARD = 300, 400
FUNCTION_P90, FUNCTION_HARD, TRITON_HARD = 30, 60, 120
DOCSTRING_LINES = 5

BORDERS = {
    "kimicode/agent/calls.py": "a tool call: whatever a tool raises becomes a result that the model reads",
    "kimicode/cli/headless.py": "one run: a crash, too, ends with a result record and an exit code",
    "kimicode/cli/main.py": "the command line: whatever is left becomes a message and an exit code",
}
"""The only places for `except Exception`, one each."""

LONG_DOCSTRINGS = {"kimicode/errors.py": "the tree of all errors"}
BAD_ENDINGS = ("Manager", "Helper", "Util", "Utils", "Handler", "Factory", "Controller", "Base")
CLASS = re.compile(r"^[ \t]*class (\w+)", re.MULTILINE)
PATCHING = {"monkeypatch", "mocker", "mock", "unittest.mock"}
# In two halves, or this file would be the first to be found.
STRAY_PATHS = ["/wo" + "rk/", "/ro" + "ot/"]


def sources(*folders: str) -> list[tuple[str, str]]:
    """(path relative to the root, text) of every Python file that is ours."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for path in paths
        if not set(BROKEN) & set(path.parents)
    ]


def trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    return ((name, parsed(text)) for name, text in sources(*folders))


@functools.cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


@pytest.fixture(scope="module", autouse=True)
def _forgotten():
    """So many nodes would slow down whatever comes after, whenever the garbage is collected."""
    yield
    parsed.cache_clear()


def p90(values: Sequence[int]) -> int:
    """The value that nine of ten do not exceed."""
    return sorted(values)[max(0, math.ceil(0.9 * len(values)) - 1)] if values else 0


# --- lengths ------------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_the_hard_limit():
    lengths = ((name, len(text.splitlines())) for name, text in sources(*PRODUCT))
    long = [f"{name}: {lines} lines, the limit is {FILE_HARD}" for name, lines in lengths if lines > FILE_HARD]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("folder", PRODUCT)
def test_nine_of_ten_files_are_short(folder):
    lengths = [len(text.splitlines()) for _, text in sources(folder)]
    assert p90(lengths) <= FILE_P90, f"{folder}: nine of ten files have up to {p90(lengths)} lines, not {FILE_P90}"


def functions(*folders: str) -> Iterator[tuple[str, int, int]]:
    """(where and name, lines, hard limit) of every function, nested ones included."""
    for path, tree in trees(*folders):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                jitted = any("jit" in ast.unparse(decorator) for decorator in node.decorator_list)
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{path}:{node.lineno} {node.name}", lines, TRITON_HARD if jitted else FUNCTION_HARD


def test_no_function_is_longer_than_the_hard_limit():
    long = [
        f"{name}: {lines} lines, the limit is {limit}" for name, lines, limit in functions(*PRODUCT) if lines > limit
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("folder", PRODUCT)
def test_nine_of_ten_functions_fit_a_screen(folder):
    lengths = [lines for _, lines, _ in functions(folder)]
    assert p90(lengths) <= FUNCTION_P90, f"{folder}: nine of ten functions have up to {p90(lengths)} lines"


def test_every_function_but_what_triton_compiles_is_typed():
    """mypy sees to it elsewhere; among kernels it has to let untyped functions pass."""
    found = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in trees("kernels/kimicode_kernels")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and not any("jit" in ast.unparse(decorator) for decorator in node.decorator_list)
        and (node.returns is None or any(a.annotation is None and a.arg != "self" for a in node.args.args))
    ]
    assert not found, "\n".join(found)


# --- what may be caught -------------------------------------------------------------------------------------


def broad_handlers(tree: ast.Module) -> Iterator[int]:
    """Lines that catch everything. Cleaning up and raising again is not catching."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if is_broad(node.type) and not raises_again:
                yield node.lineno
        elif (
            isinstance(node, ast.Call) and any(map(is_broad, node.args)) and ast.unparse(node.func).endswith("suppress")
        ):
            yield node.lineno


def is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(is_broad(one) for one in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException"))


def test_everything_is_caught_at_the_named_borders_alone():
    found = [(name, line) for name, tree in trees(*PRODUCT) for line in broad_handlers(tree)]
    elsewhere = [
        f"{name}:{line}: name the exceptions that can happen here" for name, line in found if name not in BORDERS
    ]
    assert not elsewhere, "\n".join(elsewhere)
    twice = [name for name in BORDERS if sum(name == other for other, _ in found) > 1]
    assert not twice, f"one border is enough in {twice}"


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("try: f()\nexcept: pass", 1),
        ("try: f()\nexcept Exception as e: log(e)", 1),
        ("try: f()\nexcept (ValueError, BaseException): pass", 1),
        ("with contextlib.suppress(Exception): f()", 1),
        ("try: f()\nexcept BaseException:\n    close()\n    raise", 0),
        ("try: f()\nexcept (OSError, ValueError): pass", 0),
    ],
)
def test_broad_handlers_are_recognised(code, count):
    assert len(list(broad_handlers(ast.parse(code)))) == count


# --- names and words ----------------------------------------------------------------------------------------


def test_no_class_name_says_nothing():
    found = [
        f"{name}: {found[1]}: say what it is, not that it handles something"
        for name, text in sources(*PRODUCT, "tests")
        for found in CLASS.finditer(text)
        if found[1].endswith(BAD_ENDINGS)
    ]
    assert not found, "\n".join(found)


def test_every_module_says_in_a_few_lines_what_it_is():
    found = []
    for name, tree in trees(*PRODUCT):
        lines = len((ast.get_docstring(tree) or "").splitlines())
        if name not in LONG_DOCSTRINGS and not 1 <= lines <= DOCSTRING_LINES:
            found.append(f"{name}: a docstring of {lines} lines, not 1 to {DOCSTRING_LINES}")
    assert not found, "\n".join(found)


def patching(tree: ast.Module) -> Iterator[int]:
    """Lines that take a patching fixture as an argument or import a patching module."""
    for node in ast.walk(tree):
        names: set[str] = set()
        if isinstance(node, ast.arg):
            names = {node.arg}
        elif isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        if names & PATCHING:
            yield getattr(node, "lineno", 0)


@pytest.mark.parametrize(
    "code",
    [
        "def test(monkeypatch): ...",
        "from unittest import mock",
        "from unittest.mock import patch",
        "import unittest.mock",
    ],
)
def test_patching_is_recognised(code):
    assert list(patching(ast.parse(code))) == [1]


def test_no_test_patches_what_it_tests():
    suspects = [(name, text) for name, text in sources("tests") if "patch" in text or "mock" in text]
    found = [f"{name}:{line}" for name, text in suspects for line in patching(parsed(text))]
    assert not found, f"use real files, real processes and the shipped fakes instead of patching: {found}"


def test_no_file_names_a_place_on_somebodys_machine():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]
    texts = ((name, (ROOT / name).read_text("utf-8", errors="ignore")) for name in names if (ROOT / name).is_file())
    found = [f"{name}: {path}" for name, text in texts for path in STRAY_PATHS if path in text]
    assert not found, "\n".join(found)
