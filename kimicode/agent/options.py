"""How a session is to be: what a frontend says before one is opened."""

from dataclasses import dataclass, field
from pathlib import Path

from kimicode.agent.approval import Asker, Mode, nobody_to_ask
from kimicode.agent.budget import Limits
from kimicode.agent.delivery import Delivery
from kimicode.agent.rulebook import Rules
from kimicode.config.schema import Settings
from kimicode.config.trust import Trust
from kimicode.git.repository import Repository
from kimicode.tools.toolset import Toolset


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session is to be. `resume` is a session's id; `insist`: nobody is here to say "go on"."""

    settings: Settings
    cwd: Path
    mode: Mode = "auto"
    limits: Limits = field(default_factory=Limits)
    toolset: Toolset = "full"
    resume: str = ""
    ask: Asker = nobody_to_ask
    rules: Rules = field(default_factory=Rules)
    insist: bool = True
    patch: Path | None = None
    """Where to write the git diff of what the run did."""
    delivery: Delivery | None = None
    """What becomes of a finished turn's changes; by default they stay as they are."""
    trust: Trust | None = None
    """What was said of the folder; None: nobody was asked, so nothing of its own is obeyed."""

    @property
    def trusted(self) -> bool:
        """Whether the folder's own instructions and settings are obeyed, and its checkers started."""
        return self.trust is not None and self.trust.given

    def repository(self) -> Repository | None:
        """The one that the folder lies in; one whose top is above what is or could be trusted is none of the session's.

        Such is a home folder under version control: a project in it would make all of it a place to work in.
        """
        found = Repository.discover(self.cwd)
        above = found is not None and self.trust is not None and not found.root.is_relative_to(self.trust.root)
        return None if above else found
