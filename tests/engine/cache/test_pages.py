"""Pages are counted: none is lost, none is given out twice, and what is kept outlives its holders."""

import pytest

from kimicode_engine.cache.pages import PagePool, pages_for


def counts(pool):
    return pool.free, pool.used, pool.cached


def test_a_begun_page_is_a_page():
    assert [pages_for(tokens) for tokens in (0, 1, 64, 65, 128)] == [0, 1, 1, 2, 2]


def test_pages_come_and_go():
    pool = PagePool(4)
    taken = pool.take(3)
    assert len(set(taken)) == 3
    assert counts(pool) == (1, 3, 0)
    pool.release(taken)
    assert counts(pool) == (4, 0, 0)


def test_more_than_there_is_is_refused_whole():
    pool = PagePool(4)
    pool.take(3)
    assert not pool.can_take(2)
    with pytest.raises(AssertionError, match="2 pages were asked for, 1 are free"):
        pool.take(2)
    assert counts(pool) == (1, 3, 0)


def test_a_shared_page_is_free_after_its_last_holder():
    pool = PagePool(1)
    pages = pool.take(1)
    pool.share(pages)
    pool.release(pages)
    assert counts(pool) == (0, 1, 0)
    pool.release(pages)
    assert counts(pool) == (1, 0, 0)


def test_a_kept_page_stays_when_nobody_holds_it_and_can_be_shared_again():
    pool = PagePool(1)
    pages = pool.take(1)
    pool.keep(pages[0])
    pool.release(pages)
    assert counts(pool) == (0, 0, 1)
    pool.share(pages)
    assert counts(pool) == (0, 1, 0)
    pool.release(pages)
    pool.forget(pages[0])
    assert counts(pool) == (1, 0, 0)


def test_a_page_forgotten_in_use_is_free_after_its_holder():
    pool = PagePool(1)
    pages = pool.take(1)
    pool.keep(pages[0])
    pool.forget(pages[0])
    assert counts(pool) == (0, 1, 0)
    pool.release(pages)
    assert counts(pool) == (1, 0, 0)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda pool, page: (pool.release([page]), pool.release([page])),
        lambda pool, page: (pool.release([page]), pool.share([page])),
        lambda pool, page: (pool.release([page]), pool.keep(page)),
        lambda pool, page: (pool.keep(page), pool.keep(page)),
        lambda pool, page: pool.forget(page),
    ],
    ids=["released twice", "shared when free", "kept when free", "kept twice", "forgotten and never kept"],
)
def test_a_callers_mistake_is_an_assertion(mistake):
    pool = PagePool(2)
    with pytest.raises(AssertionError):
        mistake(pool, pool.take(1)[0])
