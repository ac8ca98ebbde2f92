"""Runs many small jobs, a few at a time."""

import asyncio
from itertools import islice


def chunked(items, size):
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


async def retry(job, attempts=3, wait=0.0):
    """`job` is a coroutine function without arguments."""
    for attempt in range(1, attempts + 1):
        try:
            return job()
        except ConnectionError:
            if attempt == attempts:
                raise
            await asyncio.sleep(wait)


async def fetch_all(fetch, keys, size=10):
    """{key: result} in the order of the keys; at most `size` requests are open."""
    results = {}
    for chunk in chunked(keys, size):
        values = await asyncio.gather(*(fetch(key) for key in chunk))
        results.update(zip(chunk, values))
    return results
