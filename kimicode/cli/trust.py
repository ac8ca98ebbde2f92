"""`kimicode trust`: which folders may tell kimicode what to do."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from kimicode.agent.place import absolute
from kimicode.cli.beside import choice
from kimicode.config.load import record, trust_in
from kimicode.config.obeyed import is_wide, search_path
from kimicode.config.trust import Answer, Entry
from kimicode.errors import UsageError
from kimicode.sessions.transcript import printable
from kimicode.tui.trusting import Question, settled


def command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A folder in the project; by default the present one.")
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Forget the answer: the next start asks again.")] = False,
    list_all: Annotated[bool, typer.Option("--list", help="Show all folders with an answer.")] = False,
) -> None:
    """Trust a project: obey its AGENTS.md, its .kimicode and start its checkers.

    What of it changes later is not obeyed until you say so again. `kimicode help config` tells what trust means.

    Examples:

      kimicode trust

      kimicode trust ~/code/parser

      kimicode trust --list
    """
    kept = record(os.environ)
    if list_all:
        if folder is not None or revoke:
            raise UsageError("--list goes alone")
        for line in _listed(kept.entries()):
            typer.echo(printable(line))
        return
    here = absolute((folder or Path()).expanduser())
    if revoke:
        _revoke(here)
        return
    if not here.is_dir():
        raise UsageError(f"{here} is no folder")
    root = search_path(here)[-1]
    if is_wide(root):
        if folder is None:
            hint = f"If you mean it, name it: kimicode trust {root}"
            raise UsageError(f"{root} holds far more than one project", hint=hint)
        typer.echo(f"kimicode: {root} holds far more than one project: whatever lands in it is obeyed", err=True)
    root = kept.remember(here, "trusted")
    names = trust_in(here, environ=os.environ).approved or {}
    typer.echo(printable("\n".join([f"{root} is trusted", *(f"  {name}" for name in sorted(names))])))


def settle(folder: Path) -> None:
    """Ask somebody at the terminal about a folder, where that is open. Raises Abort for who would rather leave."""

    async def judge(question: Question) -> Answer | None:
        letters: dict[str, Answer] = {"t": "trusted", "w": "untrusted"}
        offered = {letter: question.answers[answer].lower() for letter, answer in letters.items()}
        typer.echo(printable("\n".join([question.title, *question.words])), err=True)
        letter = choice("", {**offered, "q": "quit"})
        if letter == "q":
            raise typer.Abort
        return letters.get(letter)

    if sys.stdin.isatty() and sys.stderr.isatty():
        asyncio.run(settled(folder, os.environ, judge, lambda event: None))


def _revoke(here: Path) -> None:
    kept, root = record(os.environ), search_path(here)[-1]
    if not any(kept.forget(each) for each in (root, here.resolve(), here)):
        raise UsageError(f"there is no answer for {root}", hint="kimicode trust --list")
    typer.echo(printable(f"{root} is forgotten: the next start asks"))
    if trust_in(here, environ=os.environ).given:
        typer.echo(printable(f"kimicode: `trusted` in config.toml still names {root}"), err=True)


def _listed(entries: list[Entry]) -> list[str]:
    lines = [
        f"{'as above' if entry.follows else entry.answer:<10} {entry.path}"
        + (f"  (a worktree of {entry.follows})" if entry.follows else "")
        + ("" if entry.path.is_dir() else "  (gone)")
        for entry in sorted(entries, key=lambda entry: (str(entry.follows or entry.path), entry.follows is not None))
    ]
    return lines or ["No folder has an answer yet."]
