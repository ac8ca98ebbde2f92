"""`kimicode commit`: commits what is staged, with a message that the model writes in the repository's own style."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from kimicode.agent.place import absolute
from kimicode.agent.wording import commit_message
from kimicode.cli.asking import asking
from kimicode.cli.run import BaseUrl, Thinking
from kimicode.errors import UsageError
from kimicode.git.commit import Draft, of_staged, remarks
from kimicode.git.repository import Repository, why_not
from kimicode.git.snapshot import WorkTree
from kimicode.git.style import style_of
from kimicode.git.work import of_tracked
from kimicode.sessions.transcript import printable

Folder = Annotated[Path | None, typer.Option("-C", metavar="DIR", help="Work in this folder.")]
Hint = Annotated[str, typer.Option("--message", "-m", metavar="HINT", help="What the text should say.")]
AskedModel = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Model to ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the text.")]


def command(
    all_tracked: Annotated[bool, typer.Option("--all", "-a", help="All changes to tracked files.")] = False,
    dry_run: DryRun = False,
    hint: Hint = "",
    folder: Folder = None,
    model: AskedModel = None,
    base_url: BaseUrl = None,
    thinking: Thinking = None,
) -> None:
    """Commit what is staged, with a message of the model's in the style of the repository's log.

    Hooks are not run and nothing is signed (`kimicode help git`).

    Examples:

      kimicode commit

      kimicode commit -a -m "because of the new API"

      git commit -m "$(kimicode commit --dry-run)"     (with your hooks)
    """
    repository = repository_at(folder)
    flags = {"model": model, "base_url": base_url, "thinking": thinking}
    with _draft(repository, all_tracked) as draft:
        for line in draft.left_out:
            say(f"not committed: {line}")
        if draft.empty:
            raise UsageError("there is nothing to commit", hint="No tracked file was changed.")
        message = asyncio.run(_message(draft, hint, flags, repository.root))
        if dry_run:
            typer.echo(printable(message))
            return
        made = draft.commit(message)
    typer.echo(printable(f"[{repository.branch()} {made[:9]}] {message}"))
    for note in remarks(repository.origin):
        say(note)


def repository_at(folder: Path | None) -> Repository:
    """Raises UsageError where there is none."""
    place = absolute(folder or Path())
    repository = Repository.discover(place)
    if repository is None:
        raise UsageError(why_not(place))
    return repository


def say(text: str) -> None:
    """A line for the person, beside the output."""
    typer.echo(printable(f"kimicode: {text}"), err=True)


@contextmanager
def _draft(repository: Repository, all_tracked: bool) -> Iterator[Draft]:
    if not all_tracked:
        yield of_staged(repository.origin)
        return
    with tempfile.TemporaryDirectory(prefix="kimicode-commit-") as scratch, WorkTree(repository, Path(scratch)) as tree:
        yield of_tracked(tree)


async def _message(draft: Draft, hint: str, flags: Mapping[str, Any], root: Path) -> str:
    difference, learnt = draft.difference(), style_of(draft.origin)
    async with asking(flags, root, say) as ask:
        return await commit_message(ask, difference, learnt, hint)
