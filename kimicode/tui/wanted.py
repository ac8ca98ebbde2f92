"""What the command line asked of the interface."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kimicode.agent.delivery import Delivery

PICK = "?"
"""Instead of a session's id: let the person choose."""
LAST = "last"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`flags` are settings by name, None where not given; `limits` are fields of `agent.budget.Limits`."""

    folder: Path
    named: bool = False
    """Whether the folder was named, so that a session that began elsewhere goes on here."""
    flags: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    resume: str = ""
    """A session's id, LAST, PICK, or "" for a new one."""
    environ: Mapping[str, str] = field(default_factory=dict)
    trust: bool = False
    """Whether the folder is trusted this time, whatever is on record."""
    delivery: "Delivery | None" = None
    """What becomes of each turn's changes; None leaves them as they are."""
    doctor: Callable[[], str] = field(default=str)
    """The check-up of the command line, as text; it takes seconds."""
