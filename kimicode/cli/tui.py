"""`kimicode` without a command: the options of the interactive interface."""

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from kimicode.agent.delivery import Delivery
from kimicode.agent.place import absolute
from kimicode.cli.beside import Beside, refuse_stray
from kimicode.cli.interactive import start
from kimicode.cli.run import BaseUrl, Carry, Checkpoint, CommitWork, ModelName, ModeOption, Thinking, WorktreeName
from kimicode.errors import UsageError

_PICK = "?"


class ThemeName(StrEnum):
    AUTO = "auto"
    DARK = "dark"
    LIGHT = "light"
    CONTRAST = "contrast"
    TERMINAL = "terminal"


Folder = Annotated[Path | None, typer.Option("-C", metavar="DIR", file_okay=False, help="Work in this folder.")]
Resume = Annotated[
    str, typer.Option("--resume", "-r", metavar="[ID]", help="Go on with this session; without an ID choose one.")
]


def command(
    folder: Folder = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    checkpoint: Checkpoint = None,
    thinking: Thinking = None,
    mode: ModeOption = None,
    go_on: Annotated[bool, typer.Option("--continue", "-c", help="Go on with this folder's last session.")] = False,
    resume: Resume = "",
    max_steps: Annotated[int | None, typer.Option(min=1, metavar="N", help="Requests in one turn at most.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, metavar="N", help="Tokens in and out at most.")] = None,
    max_price: Annotated[float | None, typer.Option(min=0, metavar="USD", help="US dollars at most.")] = None,
    commit: CommitWork = False,
    worktree: WorktreeName = "",
    carry: Carry = False,
    theme: Annotated[ThemeName | None, typer.Option("--theme", help="Colours, instead of the configured ones.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines of text instead of a screen.")] = False,
) -> int:
    """Work with the agent in this folder.

    Examples:

      kimicode

      kimicode --continue

      kimicode --resume                (choose a session)

      kimicode --model local --checkpoint ~/models/Kimi-K2.6

    `kimicode --help` lists the other commands; `kimicode help tui` tells about keys and commands.
    """
    if go_on and resume:
        raise UsageError("--continue and --resume contradict each other", hint="Give one of them.")
    refuse_stray(worktree, carry, go_on or bool(resume))
    flags = {
        "model": model,
        "base_url": base_url,
        "checkpoint": checkpoint and checkpoint.expanduser().absolute(),
        "thinking": thinking,
        "mode": mode and mode.value,
        "theme": theme and theme.value,
    }
    given = {"turn_steps": max_steps, "tokens": max_tokens, "price": max_price}
    limits = {name: value for name, value in given.items() if value is not None}
    if worktree:
        return _start_beside(folder, worktree, carry, flags, limits, plain=plain)
    delivery = Delivery() if commit else None
    return start(folder, flags, limits, "last" if go_on else resume, plain=plain, delivery=delivery)


def _start_beside(
    folder: Path | None,
    name: str,
    carry: bool,
    flags: Mapping[str, Any],
    limits: Mapping[str, Any],
    *,
    plain: bool,
) -> int:
    """The interface in a worktree, and the question about merging behind it."""
    beside = Beside(absolute(folder or Path()), name, "", carry=carry)
    typer.echo(f"kimicode: {beside.opening}", err=True)
    try:
        return start(beside.folder, flags, limits, plain=plain, delivery=Delivery(beside.tree))
    finally:
        beside.conclude(_agreed, lambda text: typer.echo(f"kimicode: {text}", err=True))


def _agreed(question: str) -> bool:
    """A yes of somebody at a terminal."""
    return sys.stdin.isatty() and typer.confirm(question, default=False, err=True)


def with_picker(arguments: Sequence[str]) -> list[str]:
    """The arguments, with `--resume` and `-r` without an id saying that one is to be chosen."""
    spelled = []
    for place, argument in enumerate(arguments):
        last = place + 1 == len(arguments) or arguments[place + 1].startswith("-")
        spelled.append(f"--resume={_PICK}" if argument in ("--resume", "-r") and last else argument)
    return spelled
