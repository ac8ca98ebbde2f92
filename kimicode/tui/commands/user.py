"""The person's own commands: Markdown files whose text is sent as a prompt, with the arguments filled in.

Nothing in them is run. Those of a project count only where its folder is trusted.
"""

import os
import re
import shlex
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from kimicode import paths
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face

_LARGEST = 64 * 1024
_NAME = re.compile(r"[\w-]+(?::[\w-]+)*")
_HEAD = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^([\w-]+)[ \t]*:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_PLACE = re.compile(r"\$(ARGUMENTS\b|\d)")


def command_folders(cwd: Path, trusted: Iterable[Path]) -> list[Path]:
    """Where to look, nearest first: in the project if its folder is trusted, then in the configuration folder."""
    from kimicode.config.load import search_path

    known = {os.path.realpath(folder) for folder in trusted}
    projects = [folder for folder in search_path(cwd) if os.path.realpath(folder) in known]
    return [*(folder / ".kimicode" / "commands" for folder in projects), paths.config_dir() / "commands"]


def user_commands(folders: Iterable[Path]) -> list[Command]:
    """The commands of these folders, nearer ones first; a file that cannot be read is none."""
    found: dict[str, Command] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.md")):
            name = ":".join(path.relative_to(folder).with_suffix("").parts).lower()
            if _NAME.fullmatch(name) and (text := _text(path)) is not None:
                found.setdefault(name, parse(name, text))
    return list(found.values())


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


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return None
