"""What the transcript consists of: one small frozen record per block, without a word about how it looks.

`transcript.feed` makes them from the agent's events, `text.render` makes lines of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # the first paint does without the events
    from kimicode.events import Display, PlanStep, Status

CallState = Literal["writing", "waiting", "asked", "running", "done", "failed", "denied", "interrupted"]
"""Its arguments stream in; its turn comes; the person is asked about it; it runs; how it ended."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The person's words. `steered`: said while the agent worked."""

    text: str
    steered: bool = False


@dataclass(frozen=True, slots=True)
class Markdown:
    """One closed top-level block of an answer, or, with `open`, the one that is still being streamed."""

    source: str
    open: bool = False
    first: bool = True
    """Whether it begins the answer: its first line then carries the answer's mark."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """`seconds` is None while it goes on. Folded once it is over."""

    text: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `arguments` is JSON, perhaps incomplete; `output` what it printed so far, or its result's text."""

    call_id: str
    name: str
    arguments: str
    state: CallState
    display: "Display | None" = None
    output: str = ""
    seconds: float | None = None
    reason: str = ""
    """Why it was denied."""


@dataclass(frozen=True, slots=True)
class Shell:
    """A command that the person ran with `!`; `exit_code` is None while it runs."""

    command: str
    output: str
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    steps: "tuple[PlanStep, ...]"


@dataclass(frozen=True, slots=True)
class Note:
    """Something the person should know, from the agent or from the interface itself."""

    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class Compacted:
    """The history was replaced by a note: tokens before and after; None while it is under way."""

    before: int
    after: int | None


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """How a turn ended; `text` is the report that was composed from its records. `cut`: an answer has no end."""

    status: "Status"
    text: str
    seconds: float
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first block of a new session: lines of name and value, such as the model and the folder."""

    title: str
    rows: tuple[tuple[str, str], ...]


Content = Prompt | Markdown | Thinking | Call | Shell | Plan | Note | Compacted | TurnEnd | Welcome
