"""The `search` tool: definitions, uses, and the files that a question is about, with the lines that say so."""

import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import AliasChoices, Field

from kimicode.errors import ToolError
from kimicode.events import Brief
from kimicode.tools.aliases import PATH
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome
from kimicode.workspace.encoding import showable, shown_path
from kimicode.workspace.files import Files

if TYPE_CHECKING:
    from kimicode.index.answer import Answer

REMEMBERED = 8
"""So many files seen last draw their neighbours up."""


class SearchArguments(Arguments):
    query: str = Field(validation_alias=AliasChoices("query", "pattern", "q", "text"))
    path: str | None = Field(None, validation_alias=PATH)
    regex: bool = False


class Search(Tool[SearchArguments]):
    name = "search"
    access = Access.READ
    arguments = SearchArguments

    async def run(self, arguments: SearchArguments, context: ToolContext) -> ToolOutcome:
        knowledge = context.knowledge
        if knowledge is None:
            raise ToolError("there is no index here", hint="Use bash: grep -rn PATTERN FOLDER.")
        if not arguments.query.strip():
            raise ToolError("the query is empty", hint="Give a name, a text or a question.")
        here = context.files.root
        below = _below(context.files, arguments.path, knowledge.root)
        seen = [_relative(here / name, knowledge.root) for name in context.files.recently_seen(REMEMBERED)]
        answer, fresh = await knowledge.search(arguments.query, below=below, regex=arguments.regex, seen=seen)
        if not (arguments.path and context.hides(context.files.resolve(arguments.path))):  # else it was asked about
            answer = _without_secrets(answer, knowledge.root, context.hides)
        text = "\n".join(_lines(answer, fresh, lambda path: shown_path(os.path.relpath(knowledge.root / path, here))))
        return ToolOutcome.of(showable(text), Brief(f"searched for {arguments.query}: {answer.files} files"))


def _without_secrets(answer: "Answer", root: Path, hides: Callable[[Path], bool]) -> "Answer":
    """Without lines of files that hold secrets: to see them takes a question, which a search does not ask."""
    entries = tuple(entry for entry in answer.entries if not hides(Path(os.path.realpath(root / entry.path))))
    definitions = tuple(each for each in answer.definitions if not hides(Path(os.path.realpath(root / each.path))))
    files = answer.files - (len(answer.entries) - len(entries))
    return dataclasses.replace(answer, entries=entries, definitions=definitions, files=files)


def _below(files: Files, path: str | None, root: Path) -> str:
    """The folder or file to stay in, relative to the index's root; "" for everything. Raises ToolError."""
    if not path:
        return _relative(files.root, root) if files.root != root else ""
    real = files.resolve(path)
    if not real.exists():
        raise ToolError(f"no such file or folder: {path}", hint="Leave out path to search everywhere.")
    if not real.is_relative_to(root):
        raise ToolError(f"{path} is outside {root}", hint="Use bash: grep -rn PATTERN FOLDER.")
    return _relative(real, root) if real != root else ""


def _relative(path: Path, root: Path) -> str:
    return os.path.relpath(os.path.realpath(path), root)


def _lines(answer: "Answer", fresh: bool, name: Callable[[str], str]) -> Iterator[str]:
    """The answer as the model reads it; `name` tells what a path is called from where the model works."""
    from kimicode.index.answer import headline

    for symbol in answer.definitions:
        yield f"{name(symbol.path)}:{symbol.line} {headline(symbol)}"
    if answer.more_definitions:
        yield f"[{answer.more_definitions} more definitions; narrow with path]"
    if answer.definitions:
        yield f"[used on {answer.uses} lines of {answer.files} files]" if answer.uses else "[no uses found]"
    for entry in answer.entries:
        yield name(entry.path)
        yield from (f"  {number}: {text}" for number, text in entry.lines)
    yield from (f"[{note}]" for note in _notes(answer, fresh, name))


def _notes(answer: "Answer", fresh: bool, name: Callable[[str], str]) -> Iterator[str]:
    """What is not shown and how to get at it, or that the index does not know everything yet."""
    if not answer.entries and not answer.definitions:
        yield "nothing found: try another word, a part of a name, or regex"
    elif answer.loose:
        yield "nothing is written exactly so: these have some of its words"
    left = answer.files - len(answer.entries)
    if left > 0 and answer.folders:
        where = ", ".join(map(name, answer.folders))
        yield f"{'at least ' * answer.cut}{left} more files, as in {where}: narrow with path or rarer words"
    if not fresh:
        yield "the index is still being built: there may be more"
