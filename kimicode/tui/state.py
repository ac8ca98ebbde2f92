"""What the screen shows of a conversation beside its transcript: one frozen record, replaced whenever it changes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kimicode.errors import ConfigError, DiskError, KimicodeError, LockedSession, ModelError
from kimicode.messages import Usage

if TYPE_CHECKING:  # the first paint does without
    from kimicode.agent.decision import Mode
    from kimicode.events import ApprovalRequested, PlanStep
    from kimicode.messages import Image

Phase = Literal["opening", "idle", "working", "compacting", "failed", "closed"]
Cause = Literal["config", "model", "disk", "locked", "other"]


@dataclass(frozen=True, slots=True)
class Queued:
    """A prompt that waits for its turn."""

    text: str
    images: "tuple[Image, ...]" = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why it does not go on, and what to do next."""

    cause: Cause
    text: str
    hint: str = ""

    @classmethod
    def of(cls, error: KimicodeError) -> "Problem":
        causes: tuple[tuple[type[KimicodeError], Cause], ...] = (
            (ConfigError, "config"),
            (ModelError, "model"),
            (DiskError, "disk"),
            (LockedSession, "locked"),
        )
        fitting: list[Cause] = [cause for kind, cause in causes if isinstance(error, kind)]
        return cls(fitting[0] if fitting else "other", error.message, error.hint)


@dataclass(frozen=True, slots=True)
class State:
    """Tokens where nothing else is said; prices in US dollars, None where not known.

    `usage` is the session's over all its runs; `began` is when the present work began, on the clock `time.monotonic`.
    """

    phase: Phase = "opening"
    doing: str = ""
    """What takes its time: an engine that starts, a request that is made again."""
    problem: Problem | None = None
    session_id: str = ""
    title: str = ""
    model: str = ""
    thinking: bool = True
    reads_images: bool = False
    mode: "Mode" = "ask"
    sandbox: str = ""
    """What confines commands, "none" where nothing does; "" until the session is open."""
    branch: str = ""
    """"" outside of git, and until git has answered."""
    dirty: int = 0
    """Files with uncommitted changes."""
    context_tokens: int = 0
    window: int = 0
    speed: float = 0.0
    """Tokens a second of the answer that is being streamed, estimated; 0 while there is none."""
    usage: Usage = field(default_factory=Usage)
    price_limit: float | None = None
    steps: int = 0
    began: float = 0.0
    queue: tuple[Queued, ...] = ()
    steered: tuple[str, ...] = ()
    """Said into the work, and read at its next step."""
    held: bool = False
    """The queue waits for the person: the last turn was interrupted or failed."""
    rejected: Queued | None = None
    """A prompt that could not be sent, to go back to where prompts are written."""
    asking: "tuple[ApprovalRequested, ...]" = ()
    """Questions that wait for an answer, oldest first."""
    plan: "tuple[PlanStep, ...]" = ()
    planned: bool = False
    """The last turn ended with a plan to accept, in plan mode."""
    jobs: int = 0
    """Commands in the background."""

    @property
    def busy(self) -> bool:
        return self.phase in ("working", "compacting")

    @property
    def share(self) -> float:
        """How full the window is, from 0 to 1."""
        return min(1.0, self.context_tokens / self.window) if self.window else 0.0
