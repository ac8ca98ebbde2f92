"""How a change is to be reviewed, as a command or a benchmark says it."""

from dataclasses import dataclass, field
from pathlib import Path

from kimicode.agent.budget import Limits
from kimicode.config.schema import Settings
from kimicode.review.earlier import Earlier
from kimicode.review.finder import Effort
from kimicode.review.selection import Thresholds

NOTHING = Earlier()
USUAL = Limits(steps=400, price=1.00, seconds=1_200)
"""A price alone is no limit where the model's is not known."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`settings` name the model, as for every command. `limits` are for all agents together: `steps` are requests.

    `finders` are classes of faults (`finder.KINDS`, or ("all",) for one agent that looks for every kind); () leaves
    them to `effort`, which also says how often each looks. `run`: verifiers may run commands in a copy of the tree, in
    the sandbox, and only where there is one. `earlier` is what a pull request's last review left behind: the source
    still is the whole change then, and what came after `earlier.since` alone is read.
    """

    settings: Settings
    limits: Limits = USUAL
    thresholds: Thresholds = field(default_factory=Thresholds)
    effort: Effort = "medium"
    finders: tuple[str, ...] = ()
    earlier: Earlier = NOTHING
    run: bool = False
    at_once: int = 4
    """Agents that work at the same time."""
    trace: Path | None = None
    """A folder for what each agent said and did, as JSON lines without secrets."""
