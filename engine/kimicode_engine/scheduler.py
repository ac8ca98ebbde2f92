"""Who is computed in the next step, and how much of each: continuous batching over the paged cache.

Sequences are ranked by urgency: interactive before background, then by arrival. The most urgent one always moves on, if
need be with the pages of all others; so every request ends, however tight the cache is."""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass

from kimicode_engine.cache.pages import PagePool, pages_for
from kimicode_engine.cache.prefix import PrefixCache
from kimicode_engine.limits import PAGE, Limits
from kimicode_engine.sequence import Part, Sequence

_Rank = tuple[int, float, int]
"""(priority, arrival, number of the sequence): lower goes first."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of this moment, and totals since the start."""

    running: int
    waiting: int
    waiting_tokens: int
    """Tokens of those that wait, prompts and (of preempted ones) answers."""
    pages_free: int
    pages_used: int
    pages_cached: int
    """Pages that nobody uses now, kept in case their prompt comes again."""
    preemptions: int
    prompt_tokens: int
    """Prompt tokens of all requests that were ever admitted, and in `prefix_tokens` those found in the cache."""
    prefix_tokens: int


class Scheduler:
    """Owns the pages. Between `schedule` and `advance` nothing else may be called."""

    def __init__(self, limits: Limits) -> None:
        self.pool = PagePool(limits.pages)
        self.prefix = PrefixCache(self.pool)
        self._limits = limits
        self._rank: dict[Sequence, _Rank] = {}
        self._running: list[Sequence] = []
        self._waiting: list[Sequence] = []
        self._number = 0
        self._crowded = False
        """The next to come in found too few pages, and none were given back since."""
        self._preemptions = 0
        self._prompt_tokens = 0
        self._prefix_tokens = 0

    def add(self, sequence: Sequence) -> None:
        """Let a new sequence wait for its turn. It must fit into the cache by itself."""
        self._number += 1
        self._rank[sequence] = (sequence.request.priority, sequence.request.arrival, self._number)
        self._queue(sequence)

    def finish(self, sequence: Sequence, *, faulty: bool = False) -> None:
        """Forget a sequence, whether it runs or waits: it is complete, cancelled, or failed.

        Its full pages stay in the prefix cache, unless what they hold is `faulty`."""
        del self._rank[sequence]
        if sequence in self._waiting:
            self._waiting.remove(sequence)
            self._crowded = False
            return
        if faulty:
            self.prefix.forget(sequence.pages)
        self._leave(sequence)

    def schedule(self) -> list[Part]:
        """What to compute next, single tokens first; empty if and only if there is nothing to do."""
        self._admit()
        spare = self._limits.step_tokens
        singles = sum(_missing(sequence) == 1 for sequence in self._running)
        parts: list[Part] = []
        for sequence in self._running:  # `_provide` may take some off its end, never the one at hand
            if not spare:
                break
            if _missing(sequence) == 1:
                count, singles = 1, singles - 1
            else:
                count = _chunk(sequence, max(spare - singles, 0 if parts else 1))
            if count and self._provide(sequence, sequence.computed + count):
                parts.append(Part(sequence, sequence.computed, count))
                spare -= count
        return sorted(parts, key=lambda part: part.count > 1)

    def advance(self, parts: Iterable[Part]) -> None:
        """The parts were computed: pages that became full go into the prefix cache at once, for all to share."""
        for part in parts:
            sequence = part.sequence
            sequence.computed = part.start + part.count
            full = sequence.computed // PAGE
            if full > part.start // PAGE:
                sequence.pages[:full] = self.prefix.insert(sequence.tokens, sequence.pages[:full])

    def stats(self) -> Stats:
        """Counts of this moment. Cheap enough for every step."""
        return Stats(
            running=len(self._running),
            waiting=len(self._waiting),
            waiting_tokens=sum(len(sequence.tokens) for sequence in self._waiting),
            pages_free=self.pool.free,
            pages_used=self.pool.used,
            pages_cached=self.pool.cached,
            preemptions=self._preemptions,
            prompt_tokens=self._prompt_tokens,
            prefix_tokens=self._prefix_tokens,
        )

    # --- coming in and going out

    def _admit(self) -> None:
        """Let in who waits, most urgent first, until there are no more seats, pages, or tokens in this step."""
        if self._crowded:
            return
        for sequence in tuple(self._waiting):
            if not self._has_seat(sequence) or self._claimed_tokens(sequence) >= self._limits.step_tokens:
                return
            pages = self.prefix.match(sequence.tokens)
            if self._comes_soon(sequence, len(pages) * PAGE):
                self.pool.release(pages)
                continue
            if not self._make_room(sequence, pages_for(len(sequence.tokens)) - len(pages)):
                self.pool.release(pages)
                self._crowded = True
                return
            self._enter(sequence, pages)

    def _enter(self, sequence: Sequence, pages: list[int]) -> None:
        if len(self._running) == self._limits.running:
            self._preempt(self._running[-1])
        self._waiting.remove(sequence)
        sequence.pages = pages
        sequence.computed = len(pages) * PAGE
        if sequence.cached is None:
            sequence.cached = sequence.computed
            self._prompt_tokens += len(sequence.request.prompt)
            self._prefix_tokens += sequence.computed
        insort(self._running, sequence, key=self._rank.__getitem__)

    def _preempt(self, sequence: Sequence) -> None:
        """Back to the queue, before all that came later. Its full pages can be found again until they are evicted."""
        self._preemptions += 1
        self._leave(sequence)
        self._queue(sequence)

    def _leave(self, sequence: Sequence) -> None:
        self._running.remove(sequence)
        self.pool.release(sequence.pages)
        sequence.pages = []
        sequence.computed = 0
        self._crowded = False

    def _queue(self, sequence: Sequence) -> None:
        insort(self._waiting, sequence, key=self._rank.__getitem__)
        self._crowded = False

    # --- questions of admission

    def _has_seat(self, sequence: Sequence) -> bool:
        """Whether fewer than allowed are running, or one of a lower class can be sent away."""
        return len(self._running) < self._limits.running or _is_above(sequence, self._running[-1])

    def _claimed_tokens(self, sequence: Sequence) -> int:
        """Tokens that those who run and are more urgent have yet to compute."""
        rank = self._rank[sequence]
        return sum(_missing(other) for other in self._running if self._rank[other] < rank)

    def _comes_soon(self, sequence: Sequence, known: int) -> bool:
        """Whether somebody more urgent is about to compute the page that follows the `known` tokens.

        Then it is worth waiting for: computing it twice would be no faster."""
        end = known + PAGE
        if end >= len(sequence.tokens):
            return False
        rank, wanted = self._rank[sequence], sequence.tokens[:end]
        return any(
            other.computed < end <= len(other.tokens) and self._rank[other] < rank and other.tokens[:end] == wanted
            for other in self._running
        )

    def _make_room(self, sequence: Sequence, pages: int) -> bool:
        """Whether so many pages are left once all who run have theirs; sends lower classes away if that helps."""
        below = [other for other in self._running if _is_above(sequence, other)]
        if self._unclaimed() + sum(pages_for(len(other.tokens)) for other in below) < pages:
            return False
        while self._unclaimed() < pages and below:
            self._preempt(below.pop())
        return self._unclaimed() >= pages

    def _unclaimed(self) -> int:
        claimed = sum(max(0, pages_for(len(other.tokens)) - len(other.pages)) for other in self._running)
        return self._obtainable - claimed

    # --- pages

    @property
    def _obtainable(self) -> int:
        return self.pool.free + self.pool.cached

    def _provide(self, sequence: Sequence, tokens: int) -> bool:
        """Give a running sequence pages for so many tokens: free ones, evicted ones, then those of less urgent ones."""
        short = pages_for(tokens) - len(sequence.pages)
        if short <= 0:
            return True
        while self._obtainable < short:
            if self._running[-1] is sequence:
                return False
            self._preempt(self._running[-1])
        if not self.pool.can_take(short):
            self.prefix.evict(short - self.pool.free)
        sequence.pages += self.pool.take(short)
        return True


def _missing(sequence: Sequence) -> int:
    """Tokens that stand between a sequence and its next logits."""
    return len(sequence.tokens) - sequence.computed


def _is_above(sequence: Sequence, other: Sequence) -> bool:
    """Whether a sequence is of a more urgent class than another."""
    return sequence.request.priority < other.request.priority


def _chunk(sequence: Sequence, most: int) -> int:
    """How many of a sequence's missing tokens to compute, of at most `most`: to the end, or to the end of a page where
    that costs less than half of the step."""
    if _missing(sequence) <= most:
        return _missing(sequence)
    whole = (sequence.computed + most) // PAGE * PAGE - sequence.computed
    return whole if 2 * whole >= most else most
