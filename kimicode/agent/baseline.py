"""What the run changed: a snapshot of the work tree from before the first effect, compared with one from its end."""

import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from kimicode.errors import KimicodeError
from kimicode.events import FileChange
from kimicode.git.command import missing
from kimicode.git.commit import Draft
from kimicode.git.contents import TreeContents
from kimicode.git.repository import Repository
from kimicode.git.snapshot import WorkTree
from kimicode.git.work import of_work
from kimicode.workspace.files import Files

PATIENCE_S = 2.5
"""How long an interrupted run still looks for what commands changed: the person wants the prompt back."""


@dataclass(slots=True)
class Baseline:
    """With git: the whole work tree, so that what commands changed counts, too. Without: the edit tools' own records.

    The first snapshot is taken in a thread while the model thinks; `ready` is awaited before anything can change.
    """

    repository: Repository | None
    files: Files
    scratch: Path
    _tree: WorkTree | None = None
    _before: asyncio.Task[str] | None = None
    _hurry: asyncio.Task[None] | None = None
    problem: str = ""
    notes: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Begin the first snapshot; needs a running event loop."""
        if self.repository is not None:
            self._before = asyncio.create_task(asyncio.to_thread(self._first, self.repository))

    def restart(self) -> None:
        """What follows is compared with the work tree as it is now: a new turn of the same session begins."""
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None
        self.files.start_over()
        if self._before is None or not self._before.done():
            return
        self._before.exception()
        tree = self._tree
        if tree is not None:
            self.problem = ""
            self._before = asyncio.create_task(asyncio.to_thread(tree.snapshot))

    async def ready(self) -> None:
        """Returns once changes may begin."""
        if self._before is not None and not self._before.done():
            await asyncio.wait([self._before])

    async def contents(self) -> TreeContents | None:
        """The bytes of all files as they were at the last start; None where git cannot tell."""
        await self.ready()
        if self._before is None or self._before.cancelled() or self._before.exception() or self._tree is None:
            return None
        try:
            return await asyncio.to_thread(self._tree.contents, self._before.result())
        except KimicodeError:
            return None

    def hurry(self) -> None:
        """The run was interrupted: git gets PATIENCE_S from now, then the edit tools' own records must do."""
        if self.repository is not None and self._hurry is None:
            self._hurry = asyncio.create_task(self._cut_off(self.repository))

    async def changes(self) -> tuple[FileChange, ...]:
        """The files that differ from the start; where git cannot tell, those that the edit tools changed."""
        before, after = await self._trees()
        if before is not None and self._tree is not None:
            try:
                return await asyncio.to_thread(self._tree.changes, before, after)
            except KimicodeError as error:
                self.problem = error.message
        return self.files.changed_files()

    @property
    def blind(self) -> bool:
        """Whether git could not tell what changed: an empty list need not mean that nothing did."""
        return bool(self.problem)

    async def patch(self) -> bytes:
        """The difference as `git apply` takes it. Raises KimicodeError where there is no git repository."""
        before, after = await self._trees()
        if before is None or self._tree is None:
            if self.repository is not None:
                raise KimicodeError(f"no patch can be written: {self.problem}")
            if missing():
                raise KimicodeError(f"no patch can be written: {missing()}")
            hint = "Run `git init` first to get a patch."
            raise KimicodeError("no patch can be written: this is not a git repository", hint=hint)
        return await asyncio.to_thread(self._tree.patch, before, after)

    async def draft(self) -> Draft:
        """A commit of the difference that lacks its message. Raises KimicodeError where there is no git repository."""
        before, after = await self._trees()
        if before is None or self._tree is None:
            why = self.problem or missing() or "this is not a git repository"
            raise KimicodeError(f"nothing can be committed: {why}")
        root = self._tree.root
        edited = [os.path.relpath(self.files.root / change.path, root) for change in self.files.changed_files()]
        return await asyncio.to_thread(of_work, self._tree, before, after, edited)

    async def close(self) -> None:
        await self.ready()
        if self._before is not None and not self._before.cancelled():
            self._before.exception()  # told in `problem`, if anybody asked
        if self._tree is not None:
            await asyncio.to_thread(self._tree.close)
            self._tree = None
        if self._hurry is not None:
            self._hurry.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._hurry

    async def _cut_off(self, repository: Repository) -> None:
        await asyncio.sleep(PATIENCE_S)
        while True:  # between two commands of a snapshot there is none to stop
            repository.stop()
            await asyncio.sleep(0.05)

    def _first(self, repository: Repository) -> str:
        self._tree = WorkTree(repository, self.scratch)
        return self._tree.snapshot()

    async def _trees(self) -> tuple[str | None, str]:
        await self.ready()
        if self._before is None:
            return None, ""
        try:
            before = self._before.result()
            assert self._tree is not None
            after = await asyncio.to_thread(self._tree.snapshot)
        except KimicodeError as error:
            self.problem = error.message
            return None, ""
        self.notes = list(self._tree.notes)
        return before, after
