"""Steps, tokens, price and seconds: one object that every request is charged to. Always on."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from kimicode.agent.flow import LimitReached
from kimicode.messages import Usage


@dataclass(frozen=True, slots=True)
class Limits:
    """None means no limit; `price` is in US dollars. `turn_steps` counts anew with every prompt."""

    steps: int | None = 250
    tokens: int | None = None
    price: float | None = None
    seconds: float | None = None
    turn_steps: int | None = None


INTERACTIVE = Limits(steps=None, turn_steps=1_000)
"""With a person present, who can interrupt and say "go on"."""
ASK_AT = 0.8
"""The share of a price limit at which a person is asked."""


class Budget:
    """What was spent, and the moment to stop, of one agent. Where several share theirs, see `review.allowance`."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.steps = 0
        self.usage = Usage()
        self._clock = clock
        self._start = clock()
        self._turn_start = 0

    @property
    def elapsed(self) -> float:
        return self._clock() - self._start

    @property
    def seconds_left(self) -> float | None:
        return None if self.limits.seconds is None else max(0.0, self.limits.seconds - self.elapsed)

    def charge(self, usage: Usage) -> None:
        self.usage = self.usage + usage

    @property
    def nearly_spent(self) -> bool:
        """Whether ASK_AT of the price limit are used up."""
        limit = self.limits.price
        return limit is not None and (self.usage.price or 0.0) >= ASK_AT * limit

    def start_turn(self) -> None:
        """A person said something: the steps of a turn count from here."""
        self._turn_start = self.steps

    def start_step(self) -> int:
        """Count a step and return its number. Raises LimitReached when the budget does not allow another."""
        self.check()
        self.steps += 1
        return self.steps

    def check(self) -> None:
        """Raises LimitReached, naming the limit and the flag that raises it."""
        limits = self.limits
        if limits.steps is not None and self.steps >= limits.steps:
            raise LimitReached(f"{limits.steps} steps were used (--max-steps)")
        if limits.turn_steps is not None and self.steps - self._turn_start >= limits.turn_steps:
            raise LimitReached(f'{limits.turn_steps:,} steps were used in this turn; say "go on" for as many again')
        if limits.tokens is not None and self.usage.total_tokens >= limits.tokens:
            raise LimitReached(f"{self.usage.total_tokens:,} of {limits.tokens:,} tokens were used (--max-tokens)")
        if limits.price is not None and (self.usage.price or 0.0) >= limits.price:
            raise LimitReached(f"${self.usage.price or 0.0:.4f} of ${limits.price:.4f} were spent (--max-price)")
        if self.seconds_left == 0.0:
            raise self.out_of_time()

    def out_of_time(self) -> LimitReached:
        return LimitReached(f"{self.limits.seconds or 0:g} seconds were over (--time-limit)")
