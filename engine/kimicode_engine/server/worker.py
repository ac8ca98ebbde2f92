"""The thread that steps the engine, and the event loop's side of it: admission, delivery, cancelling, draining.

The engine is touched by its thread alone; everything else here happens on the event loop. Orders go one way through a
queue, deltas the other way through a deque, with one wake-up of the loop for all answers of a step."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from kimicode_engine.engine import Engine, Job
from kimicode_engine.errors import RequestError
from kimicode_engine.grammar import Matcher
from kimicode_engine.limits import Limits
from kimicode_engine.output import Delta, FinishReason
from kimicode_engine.parsers.stream import AnswerParser
from kimicode_engine.request import Request
from kimicode_engine.sampling import SamplingState
from kimicode_engine.scheduler import Stats
from kimicode_engine.server.metrics import Metrics
from kimicode_engine.server.reply import BEAT_SECONDS, Reply

STATS_SECONDS = 0.25
RATE_SECONDS = 60.0
RETRY_SECONDS = (1, 120)
STOPPED = Delta((), finish=FinishReason.ERROR, error="the server was stopped before this answer was complete")
CRASHED = Delta((), finish=FinishReason.ERROR, error="the engine crashed; its server ends now")

Order = Callable[[], None]
Delivery = tuple[str, Delta | RequestError]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One answer that is ready to be generated: a Job without the way back."""

    request: Request
    parser: AnswerParser
    state: SamplingState
    matcher: Matcher | None = None


@dataclass(slots=True)
class _Open:
    """An answer that was admitted and is not complete."""

    reply: Reply
    choice: int
    prompt_tokens: int
    submitted: float
    last: float = 0.0
    """When its latest delta came; 0.0: none did yet, so that its prompt still counts as waiting."""


class Worker:
    """Runs an engine. `start` and everything after it belong to one event loop."""

    def __init__(self, engine: Engine, limits: Limits, metrics: Metrics, *, beat_seconds: float = BEAT_SECONDS) -> None:
        self._engine = engine
        self._limits = limits
        self._metrics = metrics
        self._beat_seconds = beat_seconds
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._outbox: deque[Delivery] = deque()
        self._wake_pending = False
        self._open: dict[str, _Open] = {}
        self._waiting_tokens = 0
        self._completed: deque[float] = deque(maxlen=256)
        self._draining = False
        self._idle = asyncio.Event()
        self.ended = asyncio.Event()
        """Set once the thread has ended, by `stop` or by a crash."""
        self.crash: BaseException | None = None
        self.stats: Stats = engine.stats()

    def start(self) -> None:
        """Start the engine's thread; called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._idle.set()
        executor = ThreadPoolExecutor(1, "engine")
        thread = executor.submit(self._run)
        executor.shutdown(wait=False)
        thread.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._on_end, done))

    # --- on the event loop ----------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether the engine's thread runs."""
        return not self.ended.is_set()

    @property
    def draining(self) -> bool:
        """Whether no more requests are admitted."""
        return self._draining

    @property
    def open(self) -> int:
        """How many answers were admitted and are not complete."""
        return len(self._open)

    @property
    def waiting(self) -> int:
        """How many answers are beyond those that can run at the same time."""
        return max(0, len(self._open) - self._limits.running)

    @property
    def full(self) -> bool:
        """Whether the next request would be refused."""
        return self.waiting >= self._limits.queued_requests or self._waiting_tokens >= self._limits.queued_tokens

    def submit(self, tickets: Sequence[Ticket]) -> Reply:
        """Queue the answers of one HTTP request. Raises RequestError: 429 if the queue is full, 503 while draining."""
        tokens = sum(len(ticket.request.prompt) for ticket in tickets)
        self.check(len(tickets), tokens)
        ids = [ticket.request.id for ticket in tickets]
        reply = Reply(len(tickets), partial(self._cancel, ids), self._beat_seconds)
        now = time.monotonic()
        for choice, ticket in enumerate(tickets):
            self._open[ticket.request.id] = _Open(reply, choice, len(ticket.request.prompt), now)
            self._orders.put(partial(self._add, ticket))
        self._waiting_tokens += tokens
        self._idle.clear()
        return reply

    def check(self, requests: int, tokens: int = 0) -> None:
        """Raise RequestError if so many more answers with so many prompt tokens would not be admitted."""
        if self._draining or not self.alive:
            raise RequestError("the server is stopping", code="server_stopping", status=503, retry_after=5)
        limits = self._limits
        if len(self._open) + requests > limits.running + limits.queued_requests:
            message = f"{self.waiting} requests wait, and the limit is {limits.queued_requests}"
        elif self._waiting_tokens and self._waiting_tokens + tokens > limits.queued_tokens:
            message = f"prompts of {self._waiting_tokens} tokens wait, and the limit is {limits.queued_tokens}"
        else:
            return
        raise RequestError(message, code="queue_full", status=429, retry_after=self._retry_after())

    async def drain(self, seconds: float) -> bool:
        """Admit no more; wait for what runs, at most so long; then end the rest with an error. True: all completed."""
        self._draining = True
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            for name in list(self._open):
                self._orders.put(partial(self._engine.cancel, name))
                self._receive(name, STOPPED)
            return False
        return True

    async def stop(self) -> None:
        """End the engine's thread after the step that it is in."""
        self._draining = True
        self._orders.put(None)
        await self.ended.wait()

    def _retry_after(self) -> int:
        """Seconds in which a quarter of the queue should have been served at the recent rate."""
        since = time.monotonic() - RATE_SECONDS
        recent = [at for at in self._completed if at >= since]
        low, high = RETRY_SECONDS
        if not recent:
            return high // 10
        rate = len(recent) / max(1.0, time.monotonic() - recent[0])
        return min(high, max(low, math.ceil(self.waiting / 4 / rate)))

    def _cancel(self, names: list[str]) -> None:
        for name in names:
            if self._close(name):
                self._orders.put(partial(self._engine.cancel, name))
                self._metrics.cancelled.inc()

    def _deliver(self) -> None:
        # Cleared before the deque is emptied: what the engine adds from now on wakes the loop again.
        self._wake_pending = False
        while self._outbox:
            self._receive(*self._outbox.popleft())

    def _receive(self, name: str, delta: Delta | RequestError) -> None:
        answer = self._open.get(name)
        if answer is None:
            return
        if isinstance(delta, RequestError):
            self._close(name)
            answer.reply.fail(delta)
            return
        now = time.monotonic()
        if not answer.last:
            self._waiting_tokens -= answer.prompt_tokens
            self._metrics.first_token.observe(now - answer.submitted)
        elif delta.tokens:
            self._metrics.next_token.observe((now - answer.last) / len(delta.tokens))
        answer.last = now
        self._metrics.count(len(delta.tokens))
        if delta.finish:
            self._metrics.finish(delta)
            self._completed.append(now)
            self._close(name)
        answer.reply.put(answer.choice, delta)

    def _close(self, name: str) -> bool:
        answer = self._open.pop(name, None)
        if answer is None:
            return False
        if not answer.last:
            self._waiting_tokens -= answer.prompt_tokens
        if not self._open:
            self._idle.set()
        return True

    def _on_end(self, thread: Future[None]) -> None:
        self.crash = thread.exception()
        self.ended.set()
        for name in list(self._open):
            self._receive(name, CRASHED if self.crash else STOPPED)

    # --- on the engine's thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        busy = False
        published = 0.0
        while self._obey(wait=not busy):
            started = time.perf_counter()
            busy = self._engine.step()
            self._wake_loop()
            now = time.perf_counter()
            if busy:
                self._metrics.step.observe(now - started)
            if not busy or now - published > STATS_SECONDS:
                self.stats = self._engine.stats()
                published = now

    def _obey(self, *, wait: bool) -> bool:
        """Carry out all orders that have come, waiting for one if there is nothing else to do. False: stop."""
        try:
            order = self._orders.get(block=wait)
            while order is not None:
                order()
                order = self._orders.get_nowait()
        except Empty:
            return True
        return False

    def _add(self, ticket: Ticket) -> None:
        name = ticket.request.id
        try:
            self._engine.add(
                Job(ticket.request, ticket.parser, ticket.state, ticket.matcher, lambda delta: self._emit(name, delta))
            )
        except RequestError as error:
            self._outbox.append((name, error))

    def _emit(self, name: str, delta: Delta) -> None:
        self._outbox.append((name, delta))

    def _wake_loop(self) -> None:
        if self._outbox and not self._wake_pending:
            self._wake_pending = True
            self._loop.call_soon_threadsafe(self._deliver)
