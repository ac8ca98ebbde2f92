"""A project's tests, run in this process, with the text that `python3 -m unittest` prints for them in a folder.

Only the time is not the same (always 0.000s). Texts with addresses of objects differ, as they do from run to run.
"""

import functools
import importlib.machinery
import importlib.util
import io
import linecache
import posixpath
import re
import sys
import unittest
import unittest.loader
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from time import perf_counter
from types import CodeType, FrameType, FunctionType, ModuleType, SimpleNamespace

from nano_training.programs.limits import bounded
from nano_training.programs.outcome import BUILT_IN

FOLDER = "/nowhere/project"
"""For who does not care where: the same tests in the same folder are run once."""
SECONDS = 0.04
"""Of the processor's time, that tests may take: nearly all take less than a tenth of that."""
LONGER = 0.25
"""For a module's first import, and for the long tracebacks of recursions without an end."""
ROOM = 994 if sys.version_info < (3, 12) else 996
"""Calls that a Python just started allows beyond those of `python3 -m unittest` below the one that runs the tests."""
MOST = 20_000
"""Characters of a text that anybody would read."""
ROOMS: dict[tuple[int, ...], int] = {}
TIMED_OUT = "timed out"
DEFINED = re.compile(r"\bdef (\w+)\(")
TIME = re.compile(r"^(Ran \d+ tests? in )\d+\.\d+s$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Trial:
    """How the tests went."""

    passed: bool
    failed: frozenset[str]
    """Ids of tests: `test_prices.TestTotal.test_empty`."""
    output: str
    """What the command prints on its standard error, or TIMED_OUT."""
    seconds: float


def run(
    project_path: str, files: Mapping[str, str], module_name_of_test: str | None = None, seconds: float = SECONDS
) -> Trial:
    """Runs the tests among `files` as if these stood in the folder `project_path`, which need not exist.

    `seconds` are of the processor's time. All that unittest would find there, or only those that
    `python3 -m unittest NAME` would run. What takes too long or too much memory, prints more than MOST or makes the
    command itself fail (a named test whose module raises as it is imported) has not passed and says TIMED_OUT. Only in
    a process's main thread: time is kept by a signal.
    """
    return tried(project_path, tuple(sorted(files.items())), module_name_of_test, seconds)


@functools.lru_cache(128)
def tried(folder: str, named: Sequence[tuple[str, str]], only: str | None, seconds: float) -> Trial:
    """The same. What is chosen as a try is asked for once more when it is played."""
    known, text = len(sys.modules), io.StringIO()
    found = once(folder, dict(named), only, text, seconds)
    if found.output == TIMED_OUT and (len(sys.modules) > known or ("E" in text.getvalue() and recursive(named))):
        return once(folder, dict(named), only, io.StringIO(), max(seconds, LONGER))
    return found


def recursive(named: Sequence[tuple[str, str]]) -> bool:
    """Whether a function may call itself: its name and a parenthesis stand in its file once more."""
    return any(text.count(f"{name}(") > 1 for _, text in named for name in DEFINED.findall(text))


def once(folder: str, files: Mapping[str, str], only: str | None, text: io.StringIO, seconds: float) -> Trial:
    """One run of the tests, which print to `text`."""
    began = perf_counter()
    result = unittest.TestResult()
    complete = False
    with (
        visible(folder, files),
        redirect_stdout(io.StringIO()),
        redirect_stderr(text),
        bounded(seconds, sys.getrecursionlimit() - room() + ROOM) as bounds,
        suppress(*BUILT_IN),
    ):
        result = ran(folder, files, [only] if only else [], text)
        complete = True
    failed = frozenset(test.id() for test, _ in (*result.failures, *result.errors))
    output = TIME.sub(r"\g<1>0.000s", text.getvalue())
    if not complete or bounds.expired or "MemoryError" in output or len(output) > MOST:
        return Trial(False, failed, TIMED_OUT, perf_counter() - began)
    return Trial(result.wasSuccessful(), failed, output, perf_counter() - began)


def ran(folder: str, files: Mapping[str, str], names: Sequence[str], text: io.StringIO) -> unittest.TestResult:
    """What unittest's command does, in its order: finds the tests, then runs them."""
    loader = Loader()
    loader._top_level_dir = folder
    if names:
        suite = loader.loadTestsFromNames([name.removesuffix(".py") for name in names])
    else:
        paths = [posixpath.join(folder, name) for name in sorted(files) if name.startswith("test")]
        found = [loader._find_test_path(path, "test*.py")[0] for path in paths]
        suite = unittest.TestSuite(test for test in found if test is not None)
    return unittest.TextTestRunner(text, warnings="default").run(suite)


def room() -> int:
    """How many calls deeper the caller could go; measured once for each place that the program comes from."""
    place = [sys.getrecursionlimit()]
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        place += id(frame.f_code), frame.f_lasti
        frame = frame.f_back
    key = tuple(place)
    if key not in ROOMS:
        ROOMS[key] = 1 + deeper()
    return ROOMS[key]


def deeper() -> int:
    """The same by going there."""
    try:
        return 1 + deeper()
    except RecursionError:
        return 1


# --- a folder that is not there -----------------------------------------------------------------------------


class Loader(unittest.TestLoader):
    """Unittest's own, whose files always exist: its lines stand in the traceback of a test that cannot be imported."""

    _top_level_dir: str
    _find_test_path: Callable[..., tuple[unittest.TestSuite | None, bool]]


def seeing() -> Callable[..., tuple[unittest.TestSuite | None, bool]]:
    """The same code, in a world where every file exists and none is a link."""
    original: FunctionType = unittest.TestLoader._find_test_path  # type: ignore[attr-defined]
    path = SimpleNamespace(**{**vars(posixpath), "isfile": lambda _path: True, "realpath": posixpath.normpath})
    world = {**vars(unittest.loader), "os": SimpleNamespace(path=path)}
    return FunctionType(original.__code__, world, original.__name__, original.__defaults__)


Loader._find_test_path = seeing()


class Finder:
    """Finds a project's modules among texts, before anything else, as the first folder of a command's path does."""

    def __init__(self, folder: str, files: Mapping[str, str]) -> None:
        self.paths = {name.removesuffix(".py"): posixpath.join(folder, name) for name in files}
        self.files = files

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Where a module of the project would be; None for all others."""
        path = self.paths.get(name)
        if path is None:
            return None
        source = self.files[posixpath.basename(path)]
        code = compiled(source, path)
        loader = Source(name, path, source) if code is None else Compiled(name, path, code)
        return importlib.util.spec_from_file_location(name, path, loader=loader)


@functools.lru_cache(64)
def compiled(source: str, path: str) -> CodeType | None:
    """The code; None where compiling it has something to say, which must be said at its place."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return compile(source, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, Warning, RecursionError, MemoryError):
            return None


class Compiled(importlib.machinery.SourceFileLoader):
    """Loads code that is ready."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self.code = code

    def get_code(self, fullname: str) -> CodeType:
        return self.code


class Source(importlib.machinery.SourceFileLoader):
    """Compiles where Python itself does: only its own frames stand in a traceback then."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def path_stats(self, path: str) -> Mapping[str, float]:
        raise OSError("there is no file")

    def get_data(self, path: str) -> bytes:
        return self.source.encode()


@contextmanager
def visible(folder: str, files: Mapping[str, str]) -> Iterator[None]:
    """Makes files importable and their lines known to tracebacks, and takes all that back."""
    names = [name.removesuffix(".py") for name in files]
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    finder = Finder(folder, files)
    paths = {posixpath.join(folder, name): text for name, text in files.items()}
    for path, text in paths.items():
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for path in paths:
            linecache.cache.pop(path, None)
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
