"""All commands in one table, and how one is found by what was typed."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kimicode.tui.commands import about, ask, back, look, model, session, trust
from kimicode.tui.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    *about.COMMANDS,
    *model.COMMANDS,
    *look.COMMANDS,
    *session.COMMANDS,
    *trust.COMMANDS,
    *back.COMMANDS,
    *ask.COMMANDS,
)


@dataclass(frozen=True, slots=True)
class Table:
    """The commands that there are: kimicode's own and the person's."""

    commands: Sequence[Command] = COMMANDS

    def find(self, name: str) -> Command | None:
        """The command of this name or alias."""
        name = name.lower()
        return next((each for each in self.commands if name == each.name or name in each.aliases), None)

    def nearest(self, name: str) -> str:
        """The name most like this one, "" where none is."""
        names = [one for each in self.commands for one in (each.name, *each.aliases)]
        return next(iter(difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)), "")

    def usages(self) -> list[tuple[str, str]]:
        """How each is written, and what it does."""
        return [(each.usage, each.summary) for each in self.commands]

    def plus(self, more: Iterable[Command]) -> "Table":
        """With further commands; none of them can take the name of one that is there."""
        return Table((*self.commands, *(each for each in more if self.find(each.name) is None)))
