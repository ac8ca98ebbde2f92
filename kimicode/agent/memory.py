"""What the model has seen of the files, and what follows: context for a failure, a meant edit, a note's state."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from kimicode.agent.mentions import attachable
from kimicode.agent.proposals import TESTS, Proposal, proposal_in
from kimicode.agent.record import telling_lines
from kimicode.errors import ToolError
from kimicode.events import CommandRun, PlanStep
from kimicode.messages import ToolCall
from kimicode.tools.base import ToolOutcome
from kimicode.tools.plan import as_text
from kimicode.tools.strreplace import StrReplaceArguments
from kimicode.workspace.files import Files

REMEMBERED = 12
NO_MODULE = re.compile(r"No module named '(\w+)")
CHARS_PER_TOKEN = 3


@dataclass(slots=True)
class WorkingMemory:
    files: Files
    hides: Callable[[Path], bool] = lambda path: False
    """Whether a real path is of a kind that holds secrets: such a file is shown only to who asks for it."""
    _attached: set[str] = field(default_factory=set)

    def enrich(self, outcome: ToolOutcome) -> str:
        """The small files that a failing command's output names, where the model has not seen them yet."""
        run = outcome.display
        if not isinstance(run, CommandRun) or not run.exit_code or run.read_only:
            return ""
        seen = self._attached | set(self.files.recently_seen(1000))
        names = attachable(run.output, self.files.root, seen)
        blocks = [block for name in names if (block := self._block(name))]
        self._attached.update(names)
        told = telling_lines(run.output) if blocks else ""
        again = ["The failure again:", told] if told else []
        lines = ["Files named in this output:", *blocks, *again] if blocks else []
        return "\n".join([*lines, *self._import_hint(run)])

    def _import_hint(self, run: CommandRun) -> list[str]:
        """The commonest way in which Python tests fail to start: the project's own folder is not on the path."""
        missing = NO_MODULE.search(run.output)
        if missing is None or "-m pytest" in run.command:
            return []
        name, root = missing[1], self.files.root
        if not ((root / name).is_dir() or (root / f"{name}.py").is_file()):
            return []
        return [f"{name} is in the working directory, which is not on Python's path: use `python -m pytest`."]

    def proposal(self, text: str) -> Proposal | None:
        """The change of a seen file that an answer in text describes, if it can be told."""
        return proposal_in(text, self.files.root, reversed(self.files.recently_seen(REMEMBERED)))

    def suspects(self) -> list[str]:
        """The two files looked at last that are no tests."""
        return [name for name in self.files.recently_seen(REMEMBERED) if not TESTS.search(name)][-2:]

    def fits(self, call: ToolCall) -> bool:
        """Whether a strreplace would find its place; looks at the file without counting it as seen."""
        try:
            arguments = StrReplaceArguments.model_validate_json(call.arguments)
            files = self.files.pinned(arguments.path)
            secret = self.hides(files.resolve(arguments.path))  # the call itself is to be asked about: nothing is told
            return secret or files.fits(arguments.path, arguments.old_str)
        except (ValidationError, ToolError):
            return False

    def state(self, plan: Sequence[PlanStep], tokens: int) -> str:
        """The plan and the files last looked at, as they are now, in about `tokens` tokens."""
        self._attached.clear()
        lines = [f"Your plan:\n{as_text(tuple(plan))}"] if plan else []
        room = tokens * CHARS_PER_TOKEN
        for name in reversed(self.files.recently_seen(REMEMBERED)):
            block = self._block(name)
            if block and len(block) <= room:
                room -= len(block)
                lines.append(block)
        return "\n\n".join(lines)

    def _block(self, name: str) -> str:
        try:
            files = self.files.pinned(name)  # a command may have put a link in its place
            text = "" if self.hides(files.resolve(name)) else files.read(name).text
        except ToolError:
            return ""
        if not text:
            return ""
        return f"{name}:\n```\n{text.rstrip()}\n```"
