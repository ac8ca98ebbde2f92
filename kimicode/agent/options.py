"""How a session is to be: what a frontend says before one is opened."""

from dataclasses import dataclass, field
from pathlib import Path

from kimicode.agent.approval import Asker, Mode, nobody_to_ask
from kimicode.agent.budget import Limits
from kimicode.agent.delivery import Delivery
from kimicode.agent.rulebook import Rules
from kimicode.config.schema import Settings
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
    trusted: bool = False
    """Whether the folder's own instructions and settings are obeyed."""
