"""What is asked of the engine, as plain frozen data: the prompt's tokens, how to sample, how urgent it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType


class Priority(IntEnum):
    """Who goes first. Lower values first; within one value, whoever came first."""

    INTERACTIVE = 0
    BACKGROUND = 1


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How tokens are drawn. The values are checked at the HTTP border; here they are taken as they are."""

    max_tokens: int
    """Tokens the answer may have, thinking included; already cut to what the window leaves."""
    temperature: float = 1.0
    """0: greedy."""
    top_p: float = 1.0
    top_k: int = 0
    """0: all."""
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    logit_bias: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    logprobs: int | None = None
    """How many alternatives to report with each token; 0: the token's own logprob alone; None: nothing."""
    stop: tuple[str, ...] = ()
    """Strings that end the visible answer and are not part of it."""
    ignore_eos: bool = False
    """Go on to `max_tokens` whatever comes: for measurements."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One answer to generate. `arrival` is in seconds of time.monotonic()."""

    id: str
    prompt: tuple[int, ...]
    sampling: SamplingParams
    priority: Priority = Priority.INTERACTIVE
    arrival: float = 0.0
