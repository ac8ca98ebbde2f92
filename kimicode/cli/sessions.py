"""`kimicode sessions`: list, show, audit and export what was recorded."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from kimicode.cli.cells import cut
from kimicode.config.secrets import Redactor, secrets_among
from kimicode.errors import DiskError, UsageError
from kimicode.events import Event
from kimicode.sessions.audit import audit, counted
from kimicode.sessions.catalog import SessionInfo, find_session, latest_session, list_sessions, session_ids
from kimicode.sessions.export import to_json, to_markdown
from kimicode.sessions.journal import Damage, read_events
from kimicode.sessions.records import redacted
from kimicode.sessions.transcript import Block, printable, transcript

app = typer.Typer(name="sessions", help="List, show, audit and export recorded sessions.", no_args_is_help=True)


def complete_session(incomplete: str) -> list[str]:
    """What a shell offers where an id is wanted."""
    with suppress(DiskError):
        return [each for each in ("last", *session_ids(incomplete)) if each.startswith(incomplete)]
    return []


SessionId = Annotated[
    str,
    typer.Argument(metavar="ID", help="A session's id, its beginning, or `last`.", autocompletion=complete_session),
]

_STYLES: dict[str, dict[str, Any]] = {
    "session": {"bold": True},
    "prompt": {"fg": "cyan", "bold": True},
    "message": {"fg": "cyan"},
    "answer": {},
    "thinking": {"dim": True},
    "tool": {"bold": True},
    "diff": {"bold": True},
    "notice": {"fg": "yellow"},
    "result": {"fg": "green", "bold": True},
}
_FAILED: dict[str, Any] = {"fg": "red", "bold": True}
_BODY_LINES = 40
_DAMAGE_LINES = 5


class Format(StrEnum):
    MD = "md"
    JSON = "json"


@app.command("list")
def list_command(
    everywhere: Annotated[bool, typer.Option("--all", help="Those of every folder, not only of this one.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
) -> None:
    """List the sessions that began in this folder, last used first.

    Examples:

      kimicode sessions list

      kimicode sessions list --all --limit 100

      kimicode sessions list --json | jq '.[0].id'
    """
    infos = list_sessions(None if everywhere else _here(), limit)
    if as_json:
        typer.echo(json.dumps([_as_json(info) for info in infos], indent=2))
    elif infos:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in _table(infos, time.time(), width):
            typer.echo(line)
    elif everywhere:
        typer.echo("No sessions yet. Start one with `kimicode`.")
    else:
        typer.echo("No sessions began in this folder. `kimicode sessions list --all` shows those of every folder.")


@app.command()
def show(
    session: SessionId,
    thinking: Annotated[bool, typer.Option("--thinking", help="Include what the model thought.")] = False,
) -> None:
    """Show a session as a transcript: prompts, answers, commands with their exit codes, changes, the result.

    Long outputs are shortened here; `export` has all of what was recorded.

    Examples:

      kimicode sessions show last

      kimicode sessions show 20261122-1045 --thinking | less
    """
    color = False if os.environ.get("NO_COLOR") else None
    for block in transcript(_load(session), thinking=thinking):
        typer.echo(_paragraph(block), color=color)


@app.command()
def export(
    session: SessionId,
    form: Annotated[Format, typer.Option("--format", "-f", help="Markdown to read, JSON to compute with.")] = Format.MD,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here.")] = None,
    thinking: Annotated[bool, typer.Option("--thinking", help="Include what the model thought (md).")] = False,
) -> None:
    """Export a session as Markdown or JSON, to the standard output or to a file; what looks like a secret is left out.

    Examples:

      kimicode sessions export last -o session.md

      kimicode sessions export 20261122-1045 --format json | jq '.messages | length'
    """
    events = _load(session)
    redact = Redactor(secrets_among(os.environ))
    if form is Format.MD:
        text = redact(to_markdown(events, thinking=thinking))
    else:
        text = json.dumps(redacted(to_json(events), redact), indent=2) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise DiskError.from_os("write", output, error) from error


@app.command("audit")
def audit_command(
    session: SessionId,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """List what a session did to this machine: questions and answers, commands, exit codes, files, bytes.

    Nothing is shortened. It tells what was recorded: what a command did outside of the folder is not seen.

    Examples:

      kimicode sessions audit last

      kimicode sessions audit last --json | jq 'select(.kind == "command" and .outside)'
    """
    entries = list(audit(_folder(session)))
    for entry in entries:
        record = {"time": entry.time, "kind": entry.kind, "text": entry.text, **entry.facts}
        typer.echo(json.dumps(record) if as_json else entry.line())
    if not as_json:
        typer.echo(counted(entries))


# --- one session ----------------------------------------------------------------------------------------------


def _load(session: str) -> Sequence[Event]:
    """The events of a session; what is damaged in it is told on stderr."""
    loaded = read_events(_folder(session))
    _report(loaded.damaged)
    if loaded.unknown:
        typer.echo(f"records of a newer kimicode were skipped: {loaded.unknown}", err=True)
    return loaded.events


def _folder(session: str) -> Path:
    if session != "last":
        return find_session(session)
    folder = latest_session(_here())
    if folder is None:
        raise UsageError("no session began in this folder", hint="See `kimicode sessions list --all`.")
    return folder


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        hint = "Change to another folder, or use `kimicode sessions list --all`."
        raise DiskError("the current folder no longer exists", hint=hint) from None


def _report(damaged: Sequence[Damage]) -> None:
    for damage in damaged[:_DAMAGE_LINES]:
        reason = printable(damage.reason)
        typer.echo(f"journal line {damage.line} is damaged and was skipped ({damage.size} bytes): {reason}", err=True)
    if len(damaged) > _DAMAGE_LINES:
        typer.echo(f"… and {len(damaged) - _DAMAGE_LINES} more damaged lines", err=True)


def _paragraph(block: Block) -> str:
    style = _STYLES[block.kind] if block.ok else _FAILED
    if block.kind == "answer" and block.ok:
        return block.body + "\n"
    lines = [typer.style(block.title, **style)]
    if block.body:
        shortened = block.kind in ("tool", "diff")
        body = _shortened(block.body) if shortened else block.body.split("\n")
        lines += [_line(block, line) for line in body]
    return "\n".join(lines) + "\n"


def _line(block: Block, line: str) -> str:
    if block.kind == "diff" and line[:1] in "+-":
        return typer.style("  " + line, fg="green" if line[:1] == "+" else "red")
    return typer.style("  " + line, dim=True) if block.kind == "thinking" else f"  {line}".rstrip()


def _shortened(text: str) -> list[str]:
    lines = text.split("\n")
    left_out = len(lines) - _BODY_LINES
    if left_out <= 1:
        return lines
    half = _BODY_LINES // 2
    return [*lines[:half], f"… {left_out} lines left out …", *lines[-half:]]


# --- the list -------------------------------------------------------------------------------------------------


def _table(infos: Sequence[SessionInfo], now: float, width: int | None) -> Iterator[str]:
    """Aligned rows under a head; the prompt, the last column, is cut to the terminal's width if there is one."""
    rows = [("ID", "WHEN", "STATUS", "STEPS", "PRICE", "PROMPT"), *(_row(info, now) for info in infos)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        cells = [
            cell.rjust(size) if column in (3, 4) else cell.ljust(size)
            for column, (cell, size) in enumerate(zip(row, widths, strict=False))
        ]
        line = "  ".join([*cells, row[5]]).rstrip()
        yield line if width is None else cut(line, width)


def _row(info: SessionInfo, now: float) -> tuple[str, ...]:
    price = "-" if info.price is None else f"${info.price:.2f}"
    prompt = next(iter(printable(info.prompt).strip().split("\n")))
    return info.id, _ago(info.updated, now), info.status, str(info.steps), price, prompt


def _ago(then: float, now: float) -> str:
    """A point in time (Unix seconds) as people say it."""
    seconds = now - then
    if seconds >= 7 * 86_400:
        return f"{datetime.fromtimestamp(then):%Y-%m-%d}"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds / size)} {unit} ago"
    return "just now"


def _as_json(info: SessionInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "cwd": info.cwd,
        "model": info.model,
        "updated": info.updated,
        "status": info.status,
        "steps": info.steps,
        "price": info.price,
        "prompt": info.prompt,
        "folder": str(info.folder),
    }
