from paging.links import page_links
from paging.pages import Page


def test_gaps_on_both_sides():
    assert page_links(Page([], 6, 20)) == [1, None, 4, 5, 6, 7, 8, None, 20]


def test_no_gap_where_none_is():
    assert page_links(Page([], 2, 4)) == [1, 2, 3, 4]
