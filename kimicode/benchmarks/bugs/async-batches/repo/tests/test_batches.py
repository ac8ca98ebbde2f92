import asyncio

import pytest

from fetching.batches import chunked, fetch_all, retry


class Flaky:
    def __init__(self, failures):
        self.failures = failures
        self.calls = 0

    async def __call__(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise ConnectionError("reset")
        return "page"


def test_chunks():
    assert list(chunked("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]


def test_the_first_answer_is_taken():
    assert asyncio.run(retry(Flaky(0))) == "page"


def test_a_reset_is_tried_again():
    job = Flaky(2)
    assert asyncio.run(retry(job)) == "page"
    assert job.calls == 3


def test_the_last_failure_is_raised():
    job = Flaky(5)
    with pytest.raises(ConnectionError):
        asyncio.run(retry(job))
    assert job.calls == 3


def test_results_keep_their_keys():
    async def double(number):
        await asyncio.sleep(0)
        return 2 * number

    assert asyncio.run(fetch_all(double, range(5), size=2)) == {0: 0, 1: 2, 2: 4, 3: 6, 4: 8}
