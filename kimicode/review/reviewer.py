"""A review from beginning to end: read the change, find, verify, choose.

source → contexts → parts → finders → merged claims → verifiers → suggestions checked → selected → Review
"""

import asyncio

from kimicode.agent.budget import Limits
from kimicode.config.catalog import ModelInfo
from kimicode.review.allowance import Allowance
from kimicode.review.context import contexts
from kimicode.review.finder import ROUNDS, kinds_of, looks
from kimicode.review.findings import Review
from kimicode.review.outcome import INTERRUPTED, known_as, outcome
from kimicode.review.parts import PART_TOKENS, split
from kimicode.review.premises import premises
from kimicode.review.proceedings import FINDING_SHARE, Proceedings
from kimicode.review.progress import OnReview, ReviewSpent, ReviewStarted, nobody
from kimicode.review.rules import rules_of
from kimicode.review.since import narrowed
from kimicode.review.source import Source
from kimicode.review.wish import Wish as Wish

LOOKS = 5
"""Requests that a finder makes as a rule, each with its briefing in front."""
MOST_READ = 400_000
"""Tokens of context in all parts together, where no limit says less."""


async def review(wish: Wish, source: Source, *, emit: OnReview = nobody) -> Review:
    """Review a change. Cancelling it stops every agent at once and returns what was verified until then, as partial.

    Raises UsageError for a finder that does not exist, ConfigError and ModelError where no model can be asked at all,
    DiskError, GitError.
    """
    kinds = kinds_of(wish.effort, wish.finders)
    try:
        async with premises(wish, source, emit) as opened:
            allowance = Allowance(
                wish.limits, opened.connection.info, lambda: emit(ReviewSpent(allowance.usage, allowance.requests))
            )
            course = Proceedings(wish, source, source, opened, allowance)
            try:
                await _go(course, kinds)
            except asyncio.CancelledError:
                course.interrupted = True
            return await asyncio.to_thread(outcome, course)
    except asyncio.CancelledError:  # before there was anything to keep
        return Review(source.change.base, source.change.head, "failed", (), notes=(INTERRUPTED,))


async def _go(course: Proceedings, kinds: tuple[str, ...]) -> None:
    wish, opened = course.wish, course.premises
    rules = await asyncio.to_thread(rules_of, course.whole)
    course.notes += rules.notices
    if wish.earlier.since:
        course.reading = await asyncio.to_thread(narrowed, course.whole, wish.earlier.since)
    found = await contexts(course.reading, opened.room.tree, opened.room.knowledge, rules=rules)
    rounds, connection = ROUNDS[wish.effort], opened.connection
    tokens = readable(wish.limits, connection.info, len(kinds) * rounds)
    course.split = split(found, tokens, part_tokens=min(PART_TOKENS, connection.window * 3 // 8))
    works = looks(course.split.parts, kinds, rounds)
    contained = [context for part in course.split.parts for context in part.files]
    opened.room.emit(
        ReviewStarted(
            known_as(connection.model_name),
            len({context.file.path for context in contained}),
            sum(len(piece.changed) for context in contained for piece in context.pieces),
            len(course.split.parts),
            tuple(dict.fromkeys(work.kind for work in works)),
            course.split.unread,
        )
    )
    await course.find(works, rules)
    await course.verify()


def readable(limits: Limits, info: ModelInfo, finders: int) -> int:
    """Tokens of context that so many finders can read within the limits, each of them a few times."""
    share = FINDING_SHARE / finders
    most = [float(MOST_READ)]
    if limits.tokens is not None:
        most.append(limits.tokens * share / LOOKS)
    if limits.price is not None and info.prices is not None and info.prices.input:
        per_million = info.prices.input + (LOOKS - 1) * info.prices.cached
        most.append(limits.price * share / per_million * 1_000_000)
    return int(min(most))
