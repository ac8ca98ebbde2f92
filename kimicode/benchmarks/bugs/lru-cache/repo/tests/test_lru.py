import pytest

from cachebox import LRUCache, memoize


def test_the_oldest_goes_first():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("c", 3)
    assert "a" not in cache
    assert len(cache) == 2


def test_use_keeps_an_entry_alive():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert "a" in cache
    assert "b" not in cache


def test_hits_and_misses_are_counted():
    cache = LRUCache(2)
    cache.put("a", None)
    assert cache.get("a", "default") is None
    assert cache.get("z", "default") == "default"
    assert (cache.hits, cache.misses) == (1, 1)


def test_writing_again_is_a_use():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("a", 3)
    cache.put("c", 4)
    assert cache.get("a") == 3


def test_memoize():
    calls = []

    @memoize(capacity=2)
    def double(x):
        calls.append(x)
        return 2 * x

    assert [double(1), double(1), double(2)] == [2, 2, 4]
    assert calls == [1, 2]


def test_no_room():
    with pytest.raises(ValueError, match="at least 1"):
        LRUCache(0)
