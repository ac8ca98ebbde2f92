"""What a review works with, opened and closed again: the model, the reviewed files as a folder, an index of them."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from kimicode.agent.knowledge import begin, end, knowledge_of
from kimicode.config.secrets import redactor_for
from kimicode.errors import DiskError
from kimicode.index.knowledge import Knowledge
from kimicode.index.service import Index
from kimicode.llm.connect import Connection, connect
from kimicode.review.progress import OnReview
from kimicode.review.source import Source
from kimicode.review.tree import Tree, head_tree
from kimicode.review.trial import hindrance
from kimicode.review.wish import Wish
from kimicode.review.workroom import Workroom
from kimicode.workspace.discard import discard


@dataclass(frozen=True, slots=True)
class Premises:
    """`running`: commands may be run. `notes` are what a person should know of all this."""

    connection: Connection
    room: Workroom
    running: bool
    notes: tuple[str, ...]


@asynccontextmanager
async def premises(wish: Wish, source: Source, emit: OnReview) -> AsyncIterator[Premises]:
    """Raises ConfigError, ModelError, DiskError, GitError."""
    async with AsyncExitStack() as stack:
        connection = await connect(wish.settings)
        stack.push_async_callback(connection.model.close)
        scratch = _folder()
        stack.push_async_callback(asyncio.to_thread, discard, scratch)
        tree = await _entered(stack, head_tree(source))
        knowledge = _knowledge(source, tree, scratch)
        stack.push_async_callback(end, knowledge)
        await begin(knowledge)
        lacking = await asyncio.to_thread(hindrance, wish.settings) if wish.run else ""
        room = Workroom(
            tree.root,
            source.after,
            knowledge,
            connection.window,
            redactor_for(wish.settings, os.environ),
            emit,
            _traced(wish.trace),
            scratch,
        )
        notes = (
            *source.notes,
            *tree.notes,
            *([f"nothing was run: {lacking}"] if lacking else []),
            *_priceless(wish, connection),
        )
        yield Premises(connection, room, wish.run and not lacking, notes)


def _folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="kimicode-review-")).resolve()
    except OSError as error:
        raise DiskError.from_os("make a folder in", tempfile.gettempdir(), error) from error


async def _entered(stack: AsyncExitStack, folder: AbstractContextManager[Tree]) -> Tree:
    """The tree, copied in a thread where it has to be; also a copy that was cut off is removed again."""
    entering = asyncio.create_task(asyncio.to_thread(folder.__enter__))

    async def leave() -> None:
        await asyncio.wait([entering])
        if entering.exception() is None:
            await asyncio.to_thread(folder.__exit__, None, None, None)

    stack.push_async_callback(leave)
    return await asyncio.shield(entering)


def _knowledge(source: Source, tree: Tree, scratch: Path) -> Knowledge:
    """The project's own index where it is the one that is reviewed; a copy gets one that goes with it."""
    if tree.in_place:
        return knowledge_of(source.repository, tree.root)
    return Knowledge(Index(scratch / "index", tree.root, lambda: list(source.after)))


def _traced(folder: Path | None) -> Path | None:
    if folder is not None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DiskError.from_os("make the folder", folder, error) from error
    return folder


def _priceless(wish: Wish, connection: Connection) -> list[str]:
    """A limit of price alone is none where the price is not known."""
    limits = wish.limits
    if limits.price is None or limits.tokens is not None or connection.info.prices is not None:
        return []
    return [f"the price of {connection.model_name} is not known, so no limit of price could be kept"]
