"""What a command is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kimicode.tui.commands.face import Face


@dataclass(frozen=True, slots=True)
class Command:
    """`run` gets the interface and what was typed behind the name; it raises KimicodeError for what cannot be."""

    name: str
    summary: str
    run: Callable[[Face, str], Awaitable[None]]
    argument: str = ""
    """How the argument is written in the help: `[NAME]` may be left out."""
    aliases: tuple[str, ...] = ()
    early: bool = False
    """Works before the session is open, and without a model."""

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.argument}".strip()
