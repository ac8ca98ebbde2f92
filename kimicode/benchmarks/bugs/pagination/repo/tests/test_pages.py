import pytest

from paging.pages import page_count, paginate


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (10, 1), (20, 2)])
def test_full_pages(total, pages):
    assert page_count(total, 10) == pages


@pytest.mark.parametrize(("total", "pages"), [(1, 1), (11, 2), (25, 3)])
def test_a_started_page_counts(total, pages):
    assert page_count(total, 10) == pages


def test_the_last_page_holds_the_rest():
    page = paginate(list(range(25)), 3, size=10)
    assert page.items == [20, 21, 22, 23, 24]
    assert not page.has_next
    assert page.has_previous


def test_numbers_out_of_range_are_clamped():
    assert paginate([1, 2, 3], 0, size=2).number == 1
    assert paginate([1, 2, 3, 4], 9, size=2).number == 2


def test_empty_pages_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        page_count(5, 0)
