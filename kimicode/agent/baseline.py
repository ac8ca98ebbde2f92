"""What the run changed: a snapshot of the work tree from before the first effect, compared with one from its end."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from kimicode.errors import KimicodeError
from kimicode.events import FileChange
from kimicode.git.repository import Repository
from kimicode.git.snapshot import WorkTree
from kimicode.workspace.files import Files


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
    problem: str = ""
    notes: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Begin the first snapshot; needs a running event loop."""
        if self.repository is not None:
            self._before = asyncio.create_task(asyncio.to_thread(self._first, self.repository))

    async def ready(self) -> None:
        """Returns once changes may begin."""
        if self._before is not None and not self._before.done():
            await asyncio.wait([self._before])

    async def changes(self) -> tuple[FileChange, ...]:
        """The files that differ from the start."""
        before, after = await self._trees()
        if before is None or self._tree is None:
            return self.files.changed_files()
        return await asyncio.to_thread(self._tree.changes, before, after)

    async def patch(self) -> bytes:
        """The difference as `git apply` takes it. Raises KimicodeError where there is no git repository."""
        before, after = await self._trees()
        if before is None or self._tree is None:
            reason = self.problem or "this is not a git repository"
            raise KimicodeError(f"no patch can be written: {reason}", hint="Run `git init` first to get a patch.")
        return await asyncio.to_thread(self._tree.patch, before, after)

    async def close(self) -> None:
        await self.ready()
        if self._tree is not None:
            await asyncio.to_thread(self._tree.close)
            self._tree = None

    def _first(self, repository: Repository) -> str:
        self._tree = WorkTree(repository, self.scratch)
        return self._tree.snapshot()

    async def _trees(self) -> tuple[str | None, str]:
        await self.ready()
        if self._before is None or self._tree is None:
            return None, ""
        try:
            before = self._before.result()
            after = await asyncio.to_thread(self._tree.snapshot)
        except KimicodeError as error:
            self.problem = error.message
            return None, ""
        self.notes = list(self._tree.notes)
        return before, after
