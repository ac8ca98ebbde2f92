"""The command about trust: what holds for the folder, and another answer."""

import asyncio
import os
from typing import TYPE_CHECKING

from kimicode.errors import UsageError
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face
from kimicode.tui.widgets.rows import Row

if TYPE_CHECKING:  # heavy, and loaded behind the first paint
    from kimicode.config.trust import Answer, Trust

_FORGET = "forget"
_SAID: "dict[Answer | None, str]" = {
    "trusted": "trusted",
    "untrusted": "not trusted",
    None: "not trusted, nobody said so",
}
_MEANT: "dict[str, Answer]" = {"yes": "trusted", "no": "untrusted"}


async def trust(face: Face, argument: str) -> None:
    """Without a word a choice; `yes`, `no` and `forget` say it at once."""
    held = face.conversation.trust
    if held is None:
        raise UsageError("the session is not open yet")
    word: str | None = argument.lower()
    if not word:
        rows = [
            Row("yes", ("obey its AGENTS.md, .kimicode and checkers as they are now",)),
            Row("no", ("obey nothing of it",)),
            Row(_FORGET, ("ask again at the next start",)),
        ]
        word = await face.pick(f"{held.root} is {_SAID[held.answer]}", rows)
    if word:
        await _keep(face, held, word)


async def _keep(face: Face, held: "Trust", word: str) -> None:
    from kimicode.config.load import record

    kept = record(os.environ)
    if word == _FORGET:
        await asyncio.to_thread(kept.forget, held.root)
    elif word in _MEANT:
        await asyncio.to_thread(kept.remember, face.folder, _MEANT[word])
    else:
        raise UsageError(f"{word!r} is no answer", hint="/trust [yes|no|forget]")
    face.note("info", "Kept. It holds from the next session on: /new begins one.")


COMMANDS = (
    Command("trust", "whether this folder's own instructions and settings are obeyed", trust, "[yes|no|forget]"),
)
