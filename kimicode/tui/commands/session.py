"""Commands about sessions and their history."""

import asyncio
import json
from pathlib import Path

from kimicode.errors import DiskError, UsageError
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face


async def clear(face: Face, argument: str) -> None:
    await face.open("")


async def resume(face: Face, argument: str) -> None:
    from kimicode.sessions.catalog import find_session

    session = find_session(argument).name if argument else await face.pick_session()
    if session and session != face.conversation.state.session_id:
        await face.open(session)


async def fork(face: Face, argument: str) -> None:
    """Go on in a copy; the present session stays as it is."""
    await face.open(await face.conversation.past.fork())


async def compact(face: Face, argument: str) -> None:
    await face.conversation.compact(argument)


async def rename(face: Face, argument: str) -> None:
    if not argument:
        raise UsageError("what shall the session be called?", hint="/rename TITLE")
    face.conversation.past.rename(argument)


async def export(face: Face, argument: str) -> None:
    """Into a file of the working folder; the ending says whether Markdown or JSON."""
    session = face.conversation.state.session_id
    target = face.folder / Path(argument or f"{session}.md").expanduser()
    if target.exists():
        raise UsageError(f"{target} is there already", hint="/export FILE.md or FILE.json")
    text = await asyncio.to_thread(_exported, session, target.suffix == ".json")
    try:
        with target.open("x", encoding="utf-8") as file:  # a link that leads nowhere is not written through
            file.write(text)
    except OSError as error:
        raise DiskError.from_os("write", target, error) from error
    face.note("info", f"Written to {target}")


def _exported(session: str, as_json: bool) -> str:
    from kimicode.sessions.catalog import find_session
    from kimicode.sessions.export import to_json, to_markdown
    from kimicode.sessions.journal import read_events

    events = read_events(find_session(session)).events
    return json.dumps(to_json(events), indent=2) + "\n" if as_json else to_markdown(events)


COMMANDS = (
    Command("clear", "begin a new session; this one can be resumed", clear, aliases=("new",), early=True),
    Command("resume", "go on with an earlier session", resume, "[ID]", aliases=("sessions",), early=True),
    Command("fork", "go on in a copy of this session", fork),
    Command("compact", "replace the history by a note, to make room", compact, "[WHAT TO KEEP]"),
    Command("rename", "give the session a title", rename, "TITLE"),
    Command("export", "write the session to a file, Markdown or JSON", export, "[FILE]"),
)
