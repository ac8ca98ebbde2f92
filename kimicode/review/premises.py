"""What a review works with, opened and closed again: the model, the reviewed files as a folder, an index of them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from kimicode.agent.knowledge import begin, end, knowledge_of
from kimicode.config.secrets import redactor_for
from kimicode.errors import DiskError, UsageError
from kimicode.index.knowledge import Knowledge
from kimicode.index.service import Index
from kimicode.llm.connect import Connection, connect
from kimicode.review import scratch
from kimicode.review.progress import OnReview
from kimicode.review.source import Source
from kimicode.review.tree import Tree, head_tree
from kimicode.review.trial import hindrance
from kimicode.review.wish import Wish
from kimicode.review.workroom import Workroom


@dataclass(frozen=True, slots=True)
class Premises:
    """`running`: commands may be run. `notes` are what a person should know of all this."""

    connection: Connection
    room: Workroom
    running: bool
    notes: tuple[str, ...]


@asynccontextmanager
async def premises(wish: Wish, source: Source, emit: OnReview) -> AsyncIterator[Premises]:
    """Raises UsageError where the folder for traces has some, ConfigError, ModelError, DiskError, GitError."""
    async with AsyncExitStack() as stack:
        trace = _traced(wish.trace)
        connection = await connect(wish.settings)
        stack.push_async_callback(connection.model.close)
        await asyncio.to_thread(scratch.sweep)
        folder = scratch.make()
        stack.push_async_callback(asyncio.to_thread, scratch.remove, folder)
        tree = await _entered(stack, head_tree(source))
        knowledge = _knowledge(source, tree, folder)
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
            trace,
            folder,
        )
        notes = (
            *source.notes,
            *tree.notes,
            *([f"nothing was run: {lacking}"] if lacking else []),
            *_priceless(wish, connection),
        )
        yield Premises(connection, room, wish.run and not lacking, notes)


async def _entered(stack: AsyncExitStack, folder: AbstractContextManager[Tree]) -> Tree:
    """The tree, copied in a thread where it has to be; also a copy that was cut off is removed again."""
    entering = asyncio.create_task(asyncio.to_thread(folder.__enter__))

    async def leave() -> None:
        await asyncio.wait([entering])
        if entering.exception() is None:
            await asyncio.to_thread(folder.__exit__, None, None, None)

    stack.push_async_callback(leave)
    return await asyncio.shield(entering)


def _knowledge(source: Source, tree: Tree, folder: Path) -> Knowledge:
    """The project's own index where it is the one that is reviewed; a copy gets one that goes with it."""
    if tree.in_place:
        return knowledge_of(source.repository, tree.root)
    return Knowledge(Index(folder / "index", tree.root, lambda: list(source.after)))


def _traced(folder: Path | None) -> Path | None:
    """Made if need be; agents have the same names in every review, so it is for one alone."""
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        used = any(folder.glob("*.jsonl"))
    except OSError as error:
        raise DiskError.from_os("make the folder", folder, error) from error
    if used:
        raise UsageError(f"{folder} holds the trace of another review", hint="Name a new folder.")
    return folder


def _priceless(wish: Wish, connection: Connection) -> list[str]:
    """A limit of price alone is none where the price is not known."""
    limits = wish.limits
    if limits.price is None or limits.tokens is not None or connection.info.prices is not None:
        return []
    return [f"the price of {connection.model_name} is not known, so no limit of price could be kept"]
