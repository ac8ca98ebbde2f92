"""What a sent draft asks for: words for the model, a command of the interface, or one for the shell."""

import dataclasses
import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

from kimicode.tui.composing.draft import Draft

_COMMAND = re.compile(r"/(?P<name>[A-Za-z?][\w:.-]*)(?:\s+(?P<argument>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CommandHint:
    """A command as the completion shows it. `argument` is its hint, such as "[name]"; empty if it takes none."""

    name: str
    argument: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    draft: Draft


@dataclass(frozen=True, slots=True)
class Shell:
    command: str


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command that does not exist; `reason` is for the person, who keeps the text."""

    reason: str


Intent = Prompt | Shell | Command | Unknown


def read(draft: Draft, commands: Collection[CommandHint]) -> Intent:
    """`!ls` is for the shell, `/name argument` a command, `//` begins a prompt with a slash, a path is no command."""
    text = draft.text.strip()
    if text.startswith("!") and text[1:].strip():
        return Shell(dataclasses.replace(draft, text=text).expanded[1:].strip())
    if text.startswith("//"):
        return Prompt(dataclasses.replace(draft, text=text[1:]))
    found = _COMMAND.fullmatch(text)
    if found is None:
        return Prompt(dataclasses.replace(draft, text=text))
    names = {name: hint.name for hint in commands for name in (hint.name, *hint.aliases)}
    name = found["name"].lower()
    if name not in names:
        return Unknown(_unknown(found["name"], names))
    argument = dataclasses.replace(draft, text=found["argument"] or "").expanded
    return Command(names[name], argument.strip())


def _unknown(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    guess = f" Did you mean /{near[0]}?" if near else ""
    return f"There is no command /{name}.{guess} To send it as it is, begin with //."
