"""The person's own commands: Markdown files whose text is sent as a prompt, with the arguments filled in.

Nothing in them is run. Those of a project count only where its folder is trusted.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kimicode import paths
from kimicode.config.obeyed import OWN, items_near, search_path
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face

if TYPE_CHECKING:
    from kimicode.config.trust import Trust

_LARGEST = 64 * 1024
_NAME = re.compile(r"[\w-]+(?::[\w-]+)*")
_HEAD = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^([\w-]+)[ \t]*:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_PLACE = re.compile(r"\$(ARGUMENTS\b|\d)")


def commands_for(cwd: Path, trust: "Trust | None") -> list[Command]:
    """The commands of the project, as far as they may be obeyed, and the person's own. Nearer ones win."""
    found: dict[str, Command] = {}
    if trust is not None and trust.given:
        items = items_near(cwd)
        for folder in (folder / OWN / "commands" for folder in search_path(cwd)):
            found = _of(folder, (item for item in items if item.is_relative_to(folder)), trust.read) | found
    return list((_of_folder(paths.config_dir() / "commands") | found).values())


def user_commands(folders: Sequence[Path]) -> list[Command]:
    """The commands of these folders, nearer ones first; a file that cannot be read is none."""
    found: dict[str, Command] = {}
    for folder in folders:
        found = _of_folder(folder) | found
    return list(found.values())


def _of_folder(folder: Path) -> dict[str, Command]:
    return _of(folder, sorted(folder.rglob("*.md")), _bytes)


def _of(folder: Path, files: Iterable[Path], read: Callable[[Path], bytes | None]) -> dict[str, Command]:
    """By name; a file that `read` does not give is none."""
    found: dict[str, Command] = {}
    for path in files:
        name = ":".join(path.relative_to(folder).with_suffix("").parts).lower()
        right = path.suffix == ".md" and _NAME.fullmatch(name)
        if right and (data := read(path)) is not None and len(data) <= _LARGEST:
            found.setdefault(name, parse(name, data.decode("utf-8", "replace")))
    return found


def parse(name: str, text: str) -> Command:
    """A command from a file's text: front matter with `description` and `argument-hint`, then the prompt."""
    head = _HEAD.match(text)
    fields = dict(_FIELD.findall(head[1])) if head else {}
    body = text[head.end() :] if head else text
    summary = _unquoted(fields.get("description", "")) or next(iter(body.strip().splitlines()), "")
    return Command(name, summary[:80], partial(_send, body.strip()), _unquoted(fields.get("argument-hint", "")))


async def _send(body: str, face: Face, argument: str) -> None:
    await face.conversation.send(filled(body, argument))


def filled(body: str, argument: str) -> str:
    """The prompt with $ARGUMENTS and $1 to $9 filled in; where it has no such place, arguments follow at its end."""
    try:
        words = shlex.split(argument)
    except ValueError:  # a lone quote is just that
        words = argument.split()

    def value(place: re.Match[str]) -> str:
        if place[1] == "ARGUMENTS":
            return argument
        number = int(place[1])
        return words[number - 1] if 0 < number <= len(words) else ""

    text, places = _PLACE.subn(value, body)
    return text if places or not argument else f"{text}\n\n{argument}"


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= _LARGEST else None
    except OSError:
        return None
