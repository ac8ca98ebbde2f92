"""`kimicode map`: the repository's most important definitions, as the model gets them with its first prompt."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from kimicode.agent.knowledge import MAP_TOKENS
from kimicode.errors import UsageError
from kimicode.git.listing import files
from kimicode.git.repository import Repository
from kimicode.index import graph
from kimicode.index.repomap import repository_map
from kimicode.index.search import Files
from kimicode.index.service import folder_for, open_or_mend, refreshed
from kimicode.sessions.transcript import printable
from kimicode.workspace.encoding import showable


def command(
    near: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="What lies near these files comes first.")
    ] = None,
    tokens: Annotated[int, typer.Option("--tokens", metavar="N", min=50, help="How long it may be.")] = MAP_TOKENS,
    folder: Annotated[
        Path | None, typer.Option("-C", metavar="DIR", file_okay=False, exists=True, help="Work in this folder.")
    ] = None,
) -> None:
    """Print the map of this repository: its most important files and definitions, with line numbers.

    It is what the model gets with its first prompt, there with what the prompt names in front.

    Examples:

      kimicode map

      kimicode map src/server.py --tokens 300     (what lies near that file)
    """
    here = (folder or Path.cwd()).resolve()
    repository = Repository.discover(here)
    root = repository.root if repository else here
    seen = [_inside(here / path, root) for path in near or []]
    place = folder_for(repository.origin.common_dir if repository else root)
    _, notice = refreshed(place, root, lambda: files(repository) if repository else None)
    if notice:
        print(f"kimicode: {notice}", file=sys.stderr)
    store, _ = open_or_mend(place, root)
    with contextlib.closing(store):
        drawn = repository_map(store, Files.of(store), graph.up_to_date(store), tokens, seen=seen)
    print(printable(showable(drawn)) if drawn else "nothing is defined here that could be shown")


def _inside(path: Path, root: Path) -> str:
    """Raises UsageError for a file that is not there or not of this repository."""
    if not path.is_file() or not path.resolve().is_relative_to(root):
        raise UsageError(f"not a file below {root}: {path}")
    return os.path.relpath(path.resolve(), root)
