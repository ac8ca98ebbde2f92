"""Opens a session, a new one or an earlier one, and closes all that it holds.

Frontends: `async with open_session(options, frontend) as session: result = await session.run(prompt)`.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from kimicode import paths
from kimicode.agent.confinement import confine
from kimicode.agent.interrupted import record_cut_off
from kimicode.agent.options import SessionOptions
from kimicode.agent.session import Session
from kimicode.agent.undo import finish_cut_off
from kimicode.errors import DiskError
from kimicode.events import Emit
from kimicode.llm.connect import connect
from kimicode.sessions.catalog import find_session
from kimicode.sessions.journal import Journal, new_session_id
from kimicode.sessions.recall import recall

S = TypeVar("S", bound=Session)


def open_session(options: SessionOptions, frontend: Emit) -> AbstractAsyncContextManager[Session]:
    """Open or resume a session. Raises ConfigError, ModelError, DiskError, LockedSession before anything is done."""
    return open_as(Session, options, frontend)


@asynccontextmanager
async def open_as(kind: type[S], options: SessionOptions, frontend: Emit) -> AsyncIterator[S]:
    """The same for a session of another kind."""
    if not options.cwd.is_dir():
        raise DiskError(f"cannot work in {options.cwd}: {'not a folder' if options.cwd.exists() else 'no such folder'}")
    if not os.access(options.cwd, os.R_OK | os.X_OK):
        raise DiskError(f"cannot work in {options.cwd}: permission denied")
    for notice in await asyncio.to_thread(finish_cut_off):
        frontend(notice)
    async with AsyncExitStack() as stack:
        connection = await connect(options.settings)
        stack.push_async_callback(connection.model.close)
        folder = find_session(options.resume) if options.resume else paths.sessions_dir() / new_session_id()
        journal = Journal.open(folder) if options.resume else Journal.create(folder)
        stack.callback(journal.close)
        loaded = await asyncio.to_thread(recall, folder) if options.resume else None
        for notice in await asyncio.to_thread(record_cut_off, folder):
            frontend(notice)
        confined = await asyncio.to_thread(confine, options, _roots(options), journal.outputs)
        stack.callback(confined.close)
        session = kind(options, journal, connection, frontend, confined)
        stack.push_async_callback(session.close)
        if not options.resume:
            await session.look_around()
        session.start(loaded)
        yield session


def _roots(options: SessionOptions) -> list[Path]:
    """Where the session works and may write, the working folder first."""
    repository = options.repository()
    return [options.cwd, *([repository.root] if repository else []), *options.settings.extra_dirs]
