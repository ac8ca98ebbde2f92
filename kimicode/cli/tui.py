"""`kimicode` without a command: the options of the interactive interface."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from kimicode.agent.delivery import Delivery, commits_in
from kimicode.agent.place import absolute
from kimicode.cli.beside import Beside, choice, refuse_stray
from kimicode.cli.interactive import begin
from kimicode.cli.run import (
    BaseUrl,
    Carry,
    Checkpoint,
    CommitWork,
    ModelName,
    ModeOption,
    Thinking,
    TrustFolder,
    WorktreeName,
)
from kimicode.cli.trust import settle
from kimicode.tui.wanted import PICK


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
    trust: TrustFolder = False,
    theme: Annotated[ThemeName | None, typer.Option("--theme", help="Colours, instead of the configured ones.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines of text instead of a screen.")] = False,
) -> int:
    """Work with the agent in this folder.

    Examples:

      kimicode

      kimicode --continue

      kimicode --resume                (choose a session)

      kimicode --mode auto < prompts.txt   (one prompt a line)

      kimicode --model local --checkpoint ~/models/Kimi-K2.6

    Without a terminal (a pipe, a file, `--plain`) it works with lines of text, and each line of stdin is a prompt; a
    backslash at a line's end joins the next one to it.

    `kimicode --help` lists the other commands; `kimicode help tui` tells about keys and commands.
    """
    refuse_stray(worktree, carry, go_on or bool(resume))
    given = {
        "folder": folder,
        "model": model,
        "base_url": base_url,
        "checkpoint": checkpoint,
        "thinking": thinking,
        "mode": mode and mode.value,
        "go_on": go_on,
        "resume": resume,
        "max_steps": max_steps,
        "max_tokens": max_tokens,
        "max_price": max_price,
        "theme": theme and theme.value,
        "plain": plain,
        "trust": trust,
    }
    if (worktree or commit) and not trust:  # git is asked before there is a screen
        settle(absolute(folder or Path()))
    if worktree:
        return _begin_beside(given, worktree, carry)
    return begin(given, delivery=commits_in(absolute(folder or Path())) if commit else None)


def _begin_beside(given: dict[str, Any], name: str, carry: bool) -> int:
    """The interface in a worktree, and the question about merging behind it."""
    beside = Beside(absolute(given["folder"] or Path()), name, "", carry=carry)
    typer.echo(f"kimicode: {beside.opening}", err=True)
    try:
        return begin({**given, "folder": beside.folder}, delivery=Delivery(beside.tree))
    finally:
        beside.conclude(choice, lambda text: typer.echo(f"kimicode: {text}", err=True))


def with_picker(arguments: Sequence[str]) -> list[str]:
    """The arguments, with `--resume` and `-r` without an id saying that one is to be chosen."""
    spelled = []
    for place, argument in enumerate(arguments):
        last = place + 1 == len(arguments) or arguments[place + 1].startswith("-")
        spelled.append(f"--resume={PICK}" if argument in ("--resume", "-r") and last else argument)
    return spelled
