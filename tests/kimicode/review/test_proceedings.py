"""Work side by side: so much at once, and nothing left running when one fails or all are stopped."""

import asyncio
from functools import partial

import pytest

from kimicode.review.proceedings import together


class Workers:
    """Counts who works at the same time; `gate` lets them end."""

    def __init__(self):
        self.now = self.most = self.done = self.stopped = 0
        self.gate = asyncio.Event()

    async def work(self):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
            self.done += 1
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        finally:
            self.now -= 1


async def settled():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_so_many_work_at_once_and_all_are_done_in_the_end():
    workers = Workers()
    running = asyncio.create_task(together(3, [workers.work] * 10))
    await settled()
    assert workers.now == 3
    workers.gate.set()
    await running
    assert (workers.most, workers.done) == (3, 10)


async def test_a_failure_ends_the_others_before_it_is_raised():
    workers = Workers()

    async def fail():
        await settled()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await together(5, [workers.work, fail, workers.work])
    assert (workers.now, workers.stopped) == (0, 2)


async def test_an_interrupt_waits_until_everybody_has_ended():
    workers = Workers()
    running = asyncio.create_task(together(2, [workers.work] * 5))
    await settled()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (workers.now, workers.stopped, workers.done) == (0, 2, 0)


async def test_they_begin_in_their_order():
    began = []

    async def note(number):
        began.append(number)
        await asyncio.sleep(0)

    await together(2, (partial(note, number) for number in range(6)))
    assert began == list(range(6))


async def test_nothing_to_do_is_done():
    await together(4, [])
