"""What the completion proposes: files, commands and paths for the word at the cursor, and prompts of before."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode.tui.composing import completing
from kimicode.tui.composing.completing import Word
from kimicode.tui.composing.draft import Draft
from kimicode.tui.composing.files import ProjectFiles
from kimicode.tui.composing.intent import CommandHint

MOST = 50
"""Proposals at a time; more are not looked through by anyone."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One row: `value` is what is taken, `label` and `detail` are shown."""

    value: str
    label: str
    detail: str = ""


@dataclass(slots=True)
class Proposer:
    """Knows the project's files and the interface's commands."""

    root: Path
    files: ProjectFiles
    commands: Sequence[CommandHint] = ()

    def propose(self, word: Word) -> list[Proposal]:
        """Proposals for a word, the best first."""
        if word.kind == "file":
            return [Proposal(name, name) for name in self.files.find(word.query, MOST)]
        if word.kind == "path":
            return [Proposal(name, name) for name in completing.paths(word.query, self.root, MOST)]
        return [
            Proposal(hint.name, f"/{hint.name} {hint.argument}".rstrip(), hint.description)
            for hint in _matching(self.commands, word.query.lower())
        ]

    def is_whole(self, word: Word, value: str) -> bool:
        """Whether the word says already what was chosen, by its name or another one of it."""
        aliases = {
            alias for hint in self.commands if word.kind == "command" and hint.name == value for alias in hint.aliases
        }
        return word.query == value or word.query.lower() in aliases

    def takes_argument(self, name: str) -> bool:
        """Whether a command has something to be typed after its name."""
        return any(hint.argument for hint in self.commands if hint.name == name)


def _matching(commands: Sequence[CommandHint], typed: str) -> list[CommandHint]:
    """Commands whose name begins with what was typed, then those that hold it or go by another name."""
    begin = [hint for hint in commands if hint.name.startswith(typed)]
    others = [hint for hint in commands if any(alias.startswith(typed) for alias in hint.aliases)]
    others += [hint for hint in commands if typed in hint.name]
    return list(dict.fromkeys([*begin, *others]))


def past(drafts: Sequence[Draft], typed: str) -> list[Proposal]:
    """Prompts of before that hold all the words typed; the value is the place among `drafts`."""
    words = typed.lower().split()
    found = (
        Proposal(str(place), draft.text)
        for place, draft in enumerate(drafts)
        if all(word in draft.text.lower() for word in words)
    )
    return [proposal for proposal, _ in zip(found, range(MOST), strict=False)]
