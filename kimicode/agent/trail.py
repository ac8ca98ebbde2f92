"""The trail of a session: what each call changed, recorded as it happens, so that any step can be taken back.

Before a command the workspace is looked at for what a person did meanwhile, after it for what the command did. The
second look is taken while the model reads the result, and is the first one of a command that follows at once.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kimicode import paths
from kimicode.agent.baseline import Baseline
from kimicode.agent.interrupted import HEARTBEAT_S
from kimicode.agent.origin import origin_of
from kimicode.agent.undo import Goal, plan_for, restored, told
from kimicode.agent.undo import named as listed
from kimicode.errors import KimicodeError
from kimicode.events import Emit, FilesRestored, Notice
from kimicode.workspace.changes import TooMany, Watched
from kimicode.workspace.lastlook import LastLook, Underway
from kimicode.workspace.restore import Plan
from kimicode.workspace.steplog import Change, Step, StepLog


@dataclass(slots=True)
class Trail:
    """The steps of one session, live. `jobs_run`: whether a command goes on in the background; its changes are ours."""

    root: Path
    folder: Path
    baseline: Baseline
    emit: Emit
    jobs_run: Callable[[], bool] = field(default=lambda: False)
    turn_id: str = ""
    _log: StepLog | None = None
    _watched: Watched | None = None
    _whole: bool = False
    """Whether the whole workspace is watched, or only the files that tools name."""
    _jobs_ran: bool = False
    _looking: asyncio.Task[None] | None = None
    """The look behind a command that may have changed anything."""
    _breathing: asyncio.Task[None] | None = None
    """While a step is under way: see LastLook."""
    _beginning: asyncio.Task[None] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _told: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Begin the first look; needs a running event loop."""
        self._beginning = asyncio.create_task(self._begin(time.time_ns()))

    async def ready(self) -> None:
        """Returns once changes may begin."""
        await self.baseline.ready()
        if self._beginning is not None and not self._beginning.done():
            await asyncio.wait([self._beginning])

    @asynccontextmanager
    async def step(self, title: str, named: Sequence[str] | None, call_id: str = "") -> AsyncIterator[None]:
        """Around a call that may change the files at `named` (absolute paths), or with None any file.

        With None it ends before the last look is taken: see `settled`.
        """
        paths = None if named is None else tuple(_with_folders(self.root, named))
        step = Underway(self.turn_id, title, call_id, paths)
        async with self._turn:
            has_looked = await self._has_looked()
            if not has_looked or named is not None:
                await self._record(step, "person")
            self._enter(step)
            try:
                yield
            finally:
                looking = asyncio.create_task(self._record(step, "agent"))
                if named is None:
                    self._looking = looking
                else:
                    await _finished(looking)

    async def settled(self) -> None:
        """Returns once the last step is recorded."""
        async with self._turn:
            await self._has_looked()

    async def steps(self) -> list[Step]:
        """What can be taken back, oldest first."""
        await self._catch_up()
        return [step for step in self._log.steps if step.number] if self._log else []

    async def plan(self, number: int) -> Plan:
        """What restoring to before step `number` would change; nothing with 0. Raises UsageError, DiskError."""
        await self._catch_up()
        return await asyncio.to_thread(plan_for, self._log or StepLog(self.folder), number)

    @asynccontextmanager
    async def restored(self, chosen: Plan, goal: Goal, *, force: bool = False) -> AsyncIterator[FilesRestored]:
        """Carry out a plan; the block does what belongs to it. Raises UsageError, DiskError with nothing changed."""
        async with self._turn:
            await self._has_looked()
            with ExitStack() as stack:
                log = self._log or StepLog(self.folder)
                restoring = restored(log, chosen, goal, force=force)
                done = await asyncio.to_thread(stack.enter_context, restoring)
                if self._watched is not None:
                    touched = _with_folders(self.root, [change.path for change in chosen.changes])
                    await asyncio.to_thread(_look, self._watched, touched)
                event = told(chosen, done)
                self.emit(event)
                yield event

    async def close(self) -> None:
        """Record what jobs did until they were ended, and the last step."""
        if self._beginning is not None:
            if not self._beginning.done():
                self._beginning.cancel()
            await asyncio.wait([self._beginning])
        await self.settled()
        if self._jobs_ran:
            await self._catch_up()
        self._leave()
        await asyncio.to_thread(LastLook(self.folder).forget)

    # --- looking --------------------------------------------------------------------------------------------

    async def _begin(self, began_ns: int) -> None:
        besides = (paths.sessions_dir(), paths.restores_dir())
        try:
            log = await asyncio.to_thread(StepLog, self.folder)
            contents = await self.baseline.contents()
            watched = Watched(self.root, log.store, besides)
            try:
                await asyncio.to_thread(watched.begin, origin_of(contents, began_ns))
                self._whole = True
            except TooMany:
                watched = Watched(self.root, log.store, besides)
                self._tell("undo-partly", "too many files to watch: undo knows only what the edit tools did here")
            tree = contents.tree if contents is not None else ""
            await asyncio.to_thread(LastLook(self.folder).begin, self.root, tree, watched.news())
            self._log, self._watched = log, watched
        except (KimicodeError, OSError) as error:
            self._tell("undo-off", f"steps of this session cannot be taken back: {error}")

    async def _catch_up(self) -> None:
        """Record what changed since the last step."""
        await self.ready()
        async with self._turn:
            await self._has_looked()
            await self._record(Underway(self.turn_id, "", "", None), "person")

    async def _has_looked(self) -> bool:
        """Wait for the look behind the last command; whether it was over only just now."""
        looking = self._looking
        if looking is None or looking.done():
            return False
        await asyncio.wait([looking])
        return True

    async def _record(self, step: Underway, author: Literal["agent", "person"]) -> None:
        watched, log = self._watched, self._log
        if watched is None or log is None or not self._knows(step):
            return
        title, call_id = (step.title, step.call_id) if author == "agent" else ("", "")
        running = self.jobs_run()
        if author == "person" and (running or self._jobs_ran):
            author, title = "agent", "a job in the background"
        self._jobs_ran = running
        try:
            changes = await asyncio.to_thread(_look, watched, step.named)
            await asyncio.to_thread(log.append, author, step.turn_id, title, changes, call_id=call_id)
            await asyncio.to_thread(LastLook(self.folder).add, watched.news())
        except (KimicodeError, OSError) as error:
            self._tell("undo-off", f"a step could not be recorded and cannot be taken back: {error}")
        if not running:
            self._leave()
        if watched.unkept:
            names = listed(sorted(set(watched.unkept)))
            self._tell("undo-unkept", f"not kept for undo, being too large or gone: {names}")
            watched.unkept.clear()

    def _knows(self, step: Underway) -> bool:
        """Whether it can be told what a step changes."""
        return self._watched is not None and (self._whole or step.named is not None)

    def _enter(self, step: Underway) -> None:
        if self._knows(step):
            LastLook(self.folder).enter(step)
            self._breathing = self._breathing or asyncio.create_task(self._breathe())

    async def _breathe(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            LastLook(self.folder).breathe()

    def _leave(self) -> None:
        if self._breathing is not None:
            self._breathing.cancel()
            self._breathing = None
        LastLook(self.folder).leave()

    def _tell(self, code: str, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.emit(Notice("warning", code, text))


def _look(watched: Watched, named: Sequence[str] | None) -> list[Change]:
    return watched.look() if named is None else watched.look_at(named)


def _with_folders(root: Path, named: Sequence[str]) -> list[str]:
    """The paths, relative to the root where they lie below it, and the folders on the way, which an edit may make."""
    found: dict[str, None] = {}
    for path in named:
        below = os.path.relpath(path, root) if Path(path).is_relative_to(root) else path
        while below and below != os.path.dirname(below):
            found[below] = None
            below = os.path.dirname(below)
    return list(found)


async def _finished(recording: "asyncio.Task[None]") -> None:
    """Wait for it even while the turn is being cancelled."""
    try:
        await asyncio.shield(recording)
    except asyncio.CancelledError:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([recording])
        raise
