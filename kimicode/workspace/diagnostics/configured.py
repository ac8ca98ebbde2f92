"""Which checkers a project has for a file: those that it configures and this machine has, as commands ready to run."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode.errors import ToolError
from kimicode.workspace import reading
from kimicode.workspace.diagnostics.checkers import CHECKERS, Checker

Permits = Callable[[Sequence[str], Path | None], bool]
"""May this command run? The folder is the project whose code would run with it, None where none does."""

_OWN_PROGRAMS = ("node_modules/.bin", ".venv/bin", "venv/bin")


@dataclass(frozen=True, slots=True)
class Check:
    """A checker, called for one file. `top` is the folder beyond which nothing is told.

    Of two with the same `key` the later one answers for both.
    """

    checker: Checker
    argv: tuple[str, ...]
    cwd: Path
    top: Path
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checkers:
    """Finds them. `roots` are the folders of the work, `scratch` is where they may keep things."""

    roots: tuple[Path, ...]
    scratch: Path
    search_path: str
    permits: Permits

    def of(self, path: Path) -> list[Check]:
        """One for each checker that is configured, installed and permitted; `path` is a real one."""
        above = [root for root in self.roots if path.is_relative_to(root)]
        if not above:
            return []
        top = min(above, key=lambda root: len(root.parts))
        suited = (checker for checker in CHECKERS if path.suffix in checker.endings)
        return [check for checker in suited if (check := self._check(checker, path, top))]

    def _check(self, checker: Checker, path: Path, top: Path) -> Check | None:
        config = _config(checker, path, top)
        if config is None:
            return None
        folder = config.parent
        kept = self.scratch / hashlib.blake2b(os.fsencode(folder), digest_size=8).hexdigest()
        below = os.path.relpath(path.parent, folder)
        values = {"path": str(path), "config": str(config), "below": below, "scratch": str(kept)}
        arguments = tuple(argument.format_map(values) for argument in checker.arguments)
        for program in self._programs(checker.name, folder, top):
            argv = (str(program), *arguments)
            runs_code = checker.runs_code or self._is_of_project(program)
            if self.permits((checker.name, *arguments), top if runs_code else None):
                return Check(checker, argv, folder, top, (str(path if checker.stdin else folder), *argv))
        return None

    def _programs(self, name: str, folder: Path, top: Path) -> Iterator[Path]:
        """Where it is installed: the project's own first."""
        own = (each / programs for each in _upward(folder, top) for programs in _OWN_PROGRAMS)
        everybodys = (Path(entry) for entry in self.search_path.split(os.pathsep) if os.path.isabs(entry))
        for place in (*own, *everybodys):
            program = place / name
            if os.path.isfile(program) and os.access(program, os.X_OK):
                yield program

    def _is_of_project(self, program: Path) -> bool:
        """It lies in the work's folders, or a link leads it there: whoever wrote the project could have written it."""
        places = (Path(os.path.normpath(program)), Path(os.path.realpath(program)))
        return any(place.is_relative_to(root) for place in places for root in self.roots)


def _config(checker: Checker, path: Path, top: Path) -> Path | None:
    """The nearest file that configures it; where none is needed, the file itself."""
    if not checker.configured:
        return path
    for folder in _upward(path.parent, top):
        for name, table in checker.configured:
            if _holds(folder / name, table):
                return folder / name
    return None


def _holds(config: Path, table: str) -> bool:
    if not table or not os.path.isfile(config):
        return os.path.isfile(config)
    try:
        text = reading.load(config, config.name).decode("utf-8", "replace")
    except ToolError:
        return False
    return re.search(rf"^\[{re.escape(table)}[\].]", text, re.MULTILINE) is not None


def _upward(folder: Path, top: Path) -> list[Path]:
    """From `folder` up to `top`, both included."""
    return [each for each in (folder, *folder.parents) if each.is_relative_to(top)]
