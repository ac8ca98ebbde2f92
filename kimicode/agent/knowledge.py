"""What a session knows of its repository: the index it opens, the events that say it changed, the map for a prompt."""

import asyncio
from pathlib import Path

from kimicode.displays import CommandRun, Diff
from kimicode.errors import KimicodeError
from kimicode.events import Event, FilesRestored, ShellCompleted, ToolCompleted, TurnStarted
from kimicode.git.listing import files
from kimicode.git.repository import Repository
from kimicode.index.knowledge import Knowledge
from kimicode.index.service import Index

MAP_TOKENS = 1_000
MAP_PATIENCE_S = 0.15
"""The first request waits no longer for the map: what is not indexed by then goes without one."""

FEWEST_FILES = 60
"""The list of files in the system prompt says it all for a smaller project."""


def knowledge_of(repository: Repository | None, cwd: Path) -> Knowledge:
    """Of the repository, or of the folder where there is none. Nothing is read before somebody asks."""
    if repository is None:
        return Knowledge(Index.for_folder(cwd.resolve()))
    shared = repository.origin.common_dir
    return Knowledge(Index.for_folder(repository.root, lambda: files(repository), shared=shared))


async def begin(knowledge: Knowledge | None) -> None:
    """Start to bring the index up to date, behind what goes on meanwhile."""
    if knowledge:
        await knowledge.index.ready(0)


def observe(knowledge: Knowledge | None, root: Path, event: Event) -> None:
    """Tell the index of what an event says about files; paths in events are relative to `root`."""
    if not knowledge:
        return
    match event:
        case ToolCompleted(display=Diff(path=path)):
            knowledge.index.touch([root / path])
        case ToolCompleted(display=CommandRun(read_only=False)) | ShellCompleted() | FilesRestored() | TurnStarted():
            knowledge.index.changed()


async def map_for(knowledge: Knowledge | None, prompt: str) -> str:
    """The map of the repository with what the prompt names in front; "" where it is small or not indexed yet."""
    try:
        drawn = knowledge and await knowledge.map(MAP_TOKENS, text=prompt, patience=MAP_PATIENCE_S, fewest=FEWEST_FILES)
    except KimicodeError:  # a prompt goes without a map, and `search` will say what is wrong
        return ""
    return f"<repository-map>\n{drawn}\n</repository-map>" if drawn else ""


async def end(knowledge: Knowledge | None) -> None:
    """End what goes on behind; what was indexed stays."""
    if knowledge:
        await asyncio.to_thread(knowledge.close)
