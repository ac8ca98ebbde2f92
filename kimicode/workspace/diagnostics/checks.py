"""After an edit: the file's checkers run in the background, and what they find is told as soon as it is there.

Whoever asks waits two seconds at most in all. What takes longer is told later, unless the file has changed since.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kimicode.workspace import syntax
from kimicode.workspace.diagnostics.children import Children
from kimicode.workspace.diagnostics.configured import Check, Checkers, Permits
from kimicode.workspace.diagnostics.problems import Problem, as_line, changed_lines, listed, worth_telling
from kimicode.workspace.sandbox.sandbox import Sandbox

PATIENCE_S = 2.0
"""Seconds that an edit's result waits for its checkers."""

_UNPARSED = "the file does not parse any more; the trouble begins about here"

Broken = Callable[[Path, str], int]
"""The first line of a text that does not parse, 0 where all of it does or nobody can tell."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """An edit that was written; `stamp` tells whether the file is still what it made of it."""

    path: Path
    before: str | None
    after: str
    stamp: tuple[int, ...]

    @property
    def stands(self) -> bool:
        return _stamp(self.path) == self.stamp


@dataclass(slots=True)
class _Run:
    """A check under way; `late`: the result of its edit did not wait for it any longer."""

    edit: _Edit
    key: tuple[str, ...]
    late: bool = False


class Checks:
    """The checks of one agent. `edited` starts them, `news` tells what they found; close it at the end."""

    def __init__(
        self,
        roots: tuple[Path, ...],
        scratch: Path,
        environment: Mapping[str, str],
        permits: Permits,
        broken: Broken,
        *,
        patience: float = PATIENCE_S,
        sandbox: Sandbox | None = None,
    ) -> None:
        """Names are told relative to the first of `roots`; `broken` looks at files that have no checker."""
        self._root = str(roots[0])
        self._checkers = Checkers(roots, scratch, environment.get("PATH", os.defpath), permits)
        self._children = Children(environment, sandbox)
        self._broken = broken
        self._patience = patience
        self._deadline = 0.0
        self._running: dict[asyncio.Task[list[str]], _Run] = {}
        self._abandoned: set[asyncio.Task[list[str]]] = set()
        self._known: dict[tuple[str, ...], tuple[str, list[Problem]]] = {}
        """What each check found last, and in which text of the file that was edited then."""

    def edited(self, path: Path, before: str | None, after: str) -> None:
        """An edit of the real file `path` was written; `before` is None for a new one. Needs a running event loop.

        Its checks take the place of the same commands' earlier ones. A text that does not parse is not checked: the
        edit itself says so.
        """
        edit = _Edit(path, before, after, _stamp(path))
        self._deadline = asyncio.get_running_loop().time() + self._patience
        checks = self._checkers.of(path)
        parsing = (str(path),)
        superseded = {parsing, *(check.key for check in checks)}
        for task in [task for task, run in self._running.items() if run.key in superseded]:
            self._abandon(task)
        if syntax.broken_by(path, None, after):
            return
        for check in checks:
            self._running[asyncio.create_task(self._checked(check, edit))] = _Run(edit, check.key)
        if not checks:
            self._running[asyncio.create_task(self._parsed(edit))] = _Run(edit, parsing)

    async def news(self) -> str:
        """What was found and not told yet; waits for what the last edit started, as long as there is patience."""
        left = self._deadline - asyncio.get_running_loop().time()
        if self._running and left > 0:
            await asyncio.wait(self._running, timeout=left)
        soon: list[str] = []
        late: list[str] = []
        for task, run in list(self._running.items()):
            if not task.done():
                run.late = True
                continue
            del self._running[task]
            if run.edit.stands:
                (late if run.late else soon).extend(task.result())
        if self._running:
            self._children.yield_processor()
        return "\n".join([*listed("Diagnostics", soon), *listed("Diagnostics of an earlier edit", late)])

    def kill(self) -> None:
        """Kill what still runs, without waiting: for a process that is about to end itself."""
        self._children.kill()

    async def close(self) -> None:
        """End what still runs."""
        for task in list(self._running):
            self._abandon(task)
        await asyncio.gather(*self._abandoned, return_exceptions=True)
        await self._children.close()

    def _abandon(self, task: "asyncio.Task[list[str]]") -> None:
        self._running.pop(task)
        self._abandoned.add(task)
        task.add_done_callback(self._abandoned.discard)
        task.cancel()

    async def _checked(self, check: Check, edit: _Edit) -> list[str]:
        known, found = await asyncio.gather(self._before(check, edit), self._problems(check, edit.path, edit.after))
        if found is None:
            return []
        self._known[check.key] = (edit.after, found)
        told = worth_telling(found, known, str(edit.path), changed_lines(edit.before, edit.after))
        return [as_line(problem, check.checker.name, self._root) for problem in told]

    async def _before(self, check: Check, edit: _Edit) -> list[Problem] | None:
        """What it found before the edit. Of a whole project that is its last answer; a single text can be asked for."""
        text, known = self._known.get(check.key, (None, None))
        if not check.checker.stdin or (known is not None and text == edit.before):
            return known
        return [] if edit.before is None else await self._problems(check, edit.path, edit.before)

    async def _problems(self, check: Check, path: Path, text: str) -> list[Problem] | None:
        """None where it could not do its work: it failed and said nothing that can be understood."""
        ended = await self._children.run(check, text if check.checker.stdin else None)
        if ended is None:
            return None
        read = check.checker.reading(ended.output)
        if ended.exit_code and not read:
            return None
        return [problem for each in read if (problem := _located(each, check, path))]

    async def _parsed(self, edit: _Edit) -> list[str]:
        """For a file without a checker: does it still parse?"""
        line = await asyncio.to_thread(self._broken, edit.path, edit.after)
        was_whole = edit.before is None or not await asyncio.to_thread(self._broken, edit.path, edit.before)
        if not line or not was_whole:
            return []
        return [as_line(Problem(str(edit.path), line, "", _UNPARSED), "syntax", self._root)]


def _located(problem: Problem, check: Check, path: Path) -> Problem | None:
    """The same with an absolute path; None for what lies outside the project, such as a library.

    Checkers name files relative to where they were started, or to a folder above it that they take for the project's.
    """
    if "\0" in problem.path:
        return None
    if check.checker.stdin:
        return Problem(str(path), problem.line, problem.code, problem.message)
    folders = (each for each in (check.cwd, *check.cwd.parents) if each.is_relative_to(check.top))
    places = (os.path.realpath(folder / problem.path) for folder in folders)
    place = next((place for place in places if os.path.isfile(place)), None)
    if place is None or not Path(place).is_relative_to(check.top):
        return None
    return Problem(place, problem.line, problem.code, problem.message)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)
