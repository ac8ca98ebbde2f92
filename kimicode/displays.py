"""What a tool shows the person: a diff, a command with its output, a line; and what plans and reports are made of."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from kimicode.messages import record

StepState = Literal["pending", "active", "done"]


@record
@dataclass(frozen=True, slots=True)
class Diff:
    """A change of one file; `text` is a unified diff, possibly shortened; `added`/`removed` count lines."""

    type: ClassVar[str] = "diff"
    path: str
    text: str
    added: int
    removed: int
    created: bool = False


@record
@dataclass(frozen=True, slots=True)
class CommandRun:
    """A shell command; `exit_code` is None while it still runs in the background.

    `outside`: it asked to run outside of the sandbox, or there was none.
    """

    type: ClassVar[str] = "command"
    command: str
    output: str
    exit_code: int | None
    read_only: bool = False
    outside: bool = False


@record
@dataclass(frozen=True, slots=True)
class Brief:
    """One line that says what was done, for tools that have nothing larger to show."""

    type: ClassVar[str] = "brief"
    text: str


Display = Diff | CommandRun | Brief


@record
@dataclass(frozen=True, slots=True)
class PlanStep:
    type: ClassVar[str] = "plan_step"
    title: str
    state: StepState = "pending"


@record
@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed file of a run; `status` is A(dded), M(odified), D(eleted); counts are None for binary files."""

    type: ClassVar[str] = "file_change"
    path: str
    status: str
    added: int | None
    removed: int | None
