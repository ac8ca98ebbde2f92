"""What the engine gives back while it generates: pieces of an answer, and the deltas that carry them."""

from dataclasses import dataclass
from enum import Enum


class FinishReason(Enum):
    """Why an answer ended, in OpenAI's words where it has one."""

    STOP = "stop"
    """The model ended it, or a stop string did."""
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CANCELLED = "cancelled"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Text of the model's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """Text of the visible answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStart:
    """A call begins. `index` counts the calls of this answer from 0; `id` has the form `functions.NAME:INDEX`."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallArguments:
    """More of a call's arguments, exactly as the model wrote them (JSON text)."""

    index: int
    text: str


Piece = Reasoning | Content | ToolCallStart | ToolCallArguments


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token, the natural logarithm of its probability, and the likeliest others (token, logprob), best first."""

    token: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. `cached_tokens` of the prompt were not computed anew; `reasoning_tokens` are thinking."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """What one step (or several, where the reader is slow) added to an answer. The last one has a `finish`."""

    pieces: tuple[Piece, ...]
    tokens: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage | None = None
    """With the last delta."""
    finish: FinishReason | None = None
    stop: str | None = None
    """The stop string that ended the answer, if one did."""
    error: str | None = None
    """With FinishReason.ERROR: what went wrong, in one sentence for the person who asked."""

    def merge(self, later: "Delta") -> "Delta":
        """This delta and the next one of the same answer as one."""
        return Delta(
            pieces=self.pieces + later.pieces,
            tokens=self.tokens + later.tokens,
            logprobs=self.logprobs + later.logprobs,
            usage=later.usage or self.usage,
            finish=later.finish,
            stop=later.stop,
            error=later.error,
        )
