"""What a review may spend, all agents together: a request is admitted before it is made, at the most it can cost.

So nothing begins that could lead beyond a limit, however many requests are under way at once.
"""

import asyncio
import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from kimicode.agent.budget import Limits
from kimicode.agent.flow import LimitReached
from kimicode.config.catalog import ModelInfo, price_of
from kimicode.errors import (
    ModelError,
    ModelNotFound,
    ModelOverloaded,
    ModelUnreachable,
    QuotaExhausted,
    Unauthorized,
)
from kimicode.events import RetryScheduled
from kimicode.llm.model import Model, ModelReply, ModelRequest, OnRetry
from kimicode.llm.tokens import estimate_tokens
from kimicode.messages import OnPiece, Usage

LEAST_OUTPUT = 1_000
"""Tokens: an answer that has to be shorter is not asked for."""
_NO_SERVER = (Unauthorized, ModelNotFound, QuotaExhausted, ModelUnreachable, ModelOverloaded)
"""What every other request would meet as well."""


class Allowance:
    """The limits of a review and what was spent of them. `spent` is called after every request."""

    def __init__(
        self,
        limits: Limits,
        info: ModelInfo,
        spent: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.usage = Usage()
        self.requests = 0
        self.dead: ModelError | None = None
        """Why no request can succeed any more."""
        self.trouble = ""
        """Why the last request failed that was made again; "" once one succeeded."""
        self._underestimate = 1.0
        """How many times more tokens a request had than was estimated, at the worst."""
        self._info = info
        self._spent = spent
        self._clock = clock
        self._start = clock()
        self._held: list[Usage] = []
        """What the requests under way can cost at most."""
        self._settled = asyncio.Event()

    @property
    def elapsed(self) -> float:
        return self._clock() - self._start

    def seconds_left(self, share: float = 1.0) -> float | None:
        """Until the end of the first `share` of the time; None where there is no limit."""
        seconds = self.limits.seconds
        return None if seconds is None else max(0.0, seconds * share - self.elapsed)

    def out_of_time(self, share: float = 1.0) -> str:
        """What is said of that."""
        return f"{(self.limits.seconds or 0) * share:g} seconds were over (--time-limit{_part(share)})"

    async def admit(self, input_tokens: int, output_tokens: int, share: float = 1.0) -> Usage:
        """Hold what a request can cost at most, and wait for others to end where it does not fit beside them.

        Its answer may be shorter than asked for. Raises LimitReached where `share` of a limit would be exceeded.
        """
        input_tokens = math.ceil(input_tokens * self._underestimate)
        while True:
            refusal, room = self._room(input_tokens, share)
            output = int(min(output_tokens, room))
            if not refusal and output >= min(output_tokens, LEAST_OUTPUT):
                return self._hold(input_tokens, output)
            if refusal or not self._held:
                raise LimitReached(refusal or self._too_little(share))
            self._settled.clear()
            await self._settled.wait()

    def settle(self, held: Usage, used: Usage | None) -> None:
        """The request that `held` was for is over; None: it failed and cost nothing."""
        self._held.remove(held)
        if used is not None:
            self.usage = self.usage + used
            self._spent()
        self._settled.set()

    def learn(self, estimated: int, counted: int) -> None:
        """The server counted so many tokens of input where so many were estimated: later ones are held to that."""
        self._underestimate = max(self._underestimate, counted / max(1, estimated))

    def priced(self, input_tokens: int, output_tokens: int = 0) -> Usage:
        """What so many tokens cost, as an estimate."""
        usage = Usage(input_tokens, 0, output_tokens, estimated=True)
        return dataclasses.replace(usage, price=price_of(usage, self._info))

    def _hold(self, input_tokens: int, output_tokens: int) -> Usage:
        held = self.priced(input_tokens, output_tokens)
        self._held.append(held)
        self.requests += 1
        return held

    def _room(self, input_tokens: int, share: float) -> tuple[str, float]:
        """Why no request can be made any more, or how many tokens the answer may have beside those under way."""
        limits, taken = self.limits, sum(self._held, self.usage)
        room = math.inf
        if self.seconds_left(share) == 0.0:
            return self.out_of_time(share), 0
        if limits.steps is not None and self.requests >= limits.steps * share:
            return f"{self.requests} requests were made", 0
        if limits.tokens is not None:
            room = limits.tokens * share - taken.total_tokens - input_tokens
        if limits.price is not None and self._info.prices is not None and self._info.prices.output:
            asked = self.priced(input_tokens).price or 0.0
            left = limits.price * share - (taken.price or 0.0) - asked
            room = min(room, left * 1_000_000 / self._info.prices.output)
        return "", room

    def _too_little(self, share: float) -> str:
        limits, usage = self.limits, self.usage
        told = []
        if limits.tokens is not None:
            most = int(limits.tokens * share)
            told.append(f"{usage.total_tokens:,} of {most:,} tokens were used (--max-tokens{_part(share)})")
        if limits.price is not None:
            spent, limit = usage.price or 0.0, limits.price * share
            told.append(f"${spent:.2f} of ${limit:.2f} were spent (--max-price{_part(share)})")
        return f"{', '.join(told)}: the next request could exceed that"


def _part(share: float) -> str:
    return "" if share == 1.0 else f", {share:.0%} of it for finders"


@dataclass(slots=True)
class Metered:
    """A `Model` whose requests are charged to the allowance, within `share` of it. `most_output` counts thoughts too.

    `until` is the share of the time at which what is under way has to end as well; that late, an answer may still come.
    Once a limit is reached, or the server is known to be out of reach, nobody need try again: see `stopped`.
    """

    model: Model
    allowance: Allowance
    most_output: int
    share: float = 1.0
    until: float = 1.0
    _limit: str = ""

    @property
    def stopped(self) -> str:
        """Why no request can be made any more; "" while they can."""
        allowance = self.allowance
        if allowance.seconds_left(self.share) == 0.0:
            self._limit = self._limit or allowance.out_of_time(self.share)
        return allowance.dead.message if allowance.dead else self._limit

    async def complete(self, request: ModelRequest, on_piece: OnPiece, on_retry: OnRetry) -> ModelReply:
        """As `Model`; raises LimitReached as well."""
        allowance = self.allowance

        def failed(event: RetryScheduled) -> None:
            allowance.trouble = event.reason
            on_retry(event)

        if allowance.dead is not None:
            raise allowance.dead
        wanted = min(request.max_output_tokens or self.most_output, self.most_output)
        estimated = estimate_tokens(request.messages, request.tools)
        try:
            held = await allowance.admit(estimated, wanted, self.share)
        except LimitReached as limit:
            self._limit = self._limit or limit.reason
            raise
        used: Usage | None = None
        try:
            bounded = dataclasses.replace(request, max_output_tokens=held.output_tokens)
            reply = await self.model.complete(bounded, on_piece, failed)
            used, allowance.trouble = reply.usage, ""
            allowance.learn(estimated, used.input_tokens)
        except asyncio.CancelledError:  # nobody will say what it cost: its input at least
            used = allowance.priced(held.input_tokens)
            raise
        except _NO_SERVER as error:
            allowance.dead = error
            raise
        finally:
            allowance.settle(held, used)
        return reply

    async def close(self) -> None:
        """The connection is not its own."""
