"""`kimicode undo`: takes back what the agent did, files and conversation together or apart."""

import os
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kimicode.agent.interrupted import record_if_closed
from kimicode.agent.undo import FOLDER, Goal, finish_cut_off, goal_of, plan_for, undo
from kimicode.cli.sessions import complete_session
from kimicode.errors import UsageError
from kimicode.sessions.catalog import find_session, latest_session
from kimicode.sessions.recall import recall
from kimicode.sessions.transcript import printable
from kimicode.workspace.encoding import shown_path
from kimicode.workspace.restore import Plan
from kimicode.workspace.steplog import Change, Step, StepLog

MOST_LINES = 50
"""Of what a restore is about to do; nobody reads five hundred."""


def command(
    session: Annotated[
        str, typer.Argument(metavar="[ID]", help="A session's id or its beginning.", autocompletion=complete_session)
    ] = "last",
    to: Annotated[str, typer.Option("--to", metavar="STEP", help="A step (7) or turn (t3); the last turn.")] = "",
    list_steps: Annotated[bool, typer.Option("--list", help="Show turns and steps, and do nothing.")] = False,
    files_only: Annotated[bool, typer.Option("--files-only", help="Leave the conversation as it is.")] = False,
    conversation_only: Annotated[
        bool, typer.Option("--conversation-only", help="Leave the files as they are.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and do nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Restore files that you changed since, too.")] = False,
) -> None:
    """Take back the last turn of a session, or all from a step or turn on. This can be taken back as well.

    Examples:

      kimicode undo --list

      kimicode undo

      kimicode undo --to 7 --dry-run

      kimicode undo 20261122-1045 --to t3 --files-only
    """
    if files_only and conversation_only:
        raise UsageError("--files-only and --conversation-only exclude each other")
    for notice in finish_cut_off():
        typer.echo(notice.text, err=True)
    folder = _folder(session)
    for notice in record_if_closed(folder):
        typer.echo(notice.text, err=True)
    log = StepLog(folder / FOLDER)
    turns = recall(folder).history.turns
    if list_steps:
        for line in _listed(log.steps, dict(turns)):
            typer.echo(line)
        return
    goal = goal_of(folder, log.steps, turns, to)
    if conversation_only and not goal.turn_id:
        raise UsageError(f"step {to} is no part of the conversation any more", hint="Its files can go back alone.")
    goal = replace(goal, number=0 if conversation_only else goal.number, turn_id="" if files_only else goal.turn_id)
    chosen = plan_for(log, goal.number)
    lines = _shown(chosen)
    most = len(lines) if dry_run or len(lines) <= MOST_LINES else MOST_LINES
    for line in lines[:most]:
        typer.echo(line)
    if most < len(lines):
        typer.echo(f"... and {len(lines) - most} more (--dry-run shows all)")
    if not dry_run:
        _carry_out(folder, goal, chosen, force=force)


def _carry_out(folder: Path, goal: Goal, chosen: Plan, *, force: bool) -> None:
    if not chosen.changes and not goal.turn_id:
        typer.echo("There is nothing to restore.")
        return
    event = undo(folder, goal, chosen, force=force)
    if event is not None:
        count = len(event.paths)
        files = f"{count} path{'s' * (count != 1)}"
        typer.echo(f"Restored {files}. To take that back: kimicode undo {folder.name} --to {event.step}")
    if goal.turn_id:
        typer.echo(f"The conversation is {goal.title}. To go on: kimicode -r {folder.name}")


def _folder(session: str) -> Path:
    if session != "last":
        return find_session(session)
    folder = latest_session(Path.cwd())
    if folder is None:
        raise UsageError("no session began in this folder", hint="See `kimicode sessions list --all`.")
    return folder


def _listed(steps: list[Step], prompts: dict[str, str]) -> list[str]:
    """Turns, and below each its steps."""
    lines: list[str] = []
    turn_id = ""
    for step in steps:
        if not step.number:
            continue
        if step.turn_id != turn_id:
            turn_id = step.turn_id
            prompt = prompts.get(turn_id, "(no longer part of the conversation)")
            lines.append(f"{turn_id}  {_one_line(prompt)}")
        clock = datetime.fromtimestamp(step.time)
        when = f"{clock:%H:%M}" if time.time() - step.time < 86_400 else f"{clock:%Y-%m-%d}"
        files = f"{len(step.changes)} file{'s' * (len(step.changes) != 1)}"
        lines.append(f"  {step.number:>4}  {when}  {files:<9} {_one_line(step.title)}")
    return lines or ["No step of this session changed a file."]


def _shown(chosen: Plan) -> list[str]:
    """One line for each file: `+` it comes back, `-` it goes, `~` it becomes what it was."""
    lines = [f"{_mark(change)} {_path(change.path)}{_edited(change.path, chosen)}" for change in chosen.changes]
    return [*lines, *(f"! {_path(path)} stays: its earlier content was not kept" for path in chosen.lost)]


def _mark(change: Change) -> str:
    if change.before.kind == "absent":
        return "+"
    return "-" if change.after.kind == "absent" else "~"


def _edited(path: str, chosen: Plan) -> str:
    return "  (you changed it since)" if path in chosen.edited else ""


def _path(path: str) -> str:
    here = os.getcwd()
    shown = os.path.relpath(path, here) if path.startswith(here + os.sep) else path
    return shown_path(shown)


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())[:100]
