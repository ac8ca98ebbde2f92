from datetime import date

import pytest

from calendars.ranges import DateRange, merge, workdays


def march(first, last):
    return DateRange(date(2024, 3, first), date(2024, 3, last))


def test_both_ends_belong_to_the_range():
    assert date(2024, 3, 1) in march(1, 5)
    assert date(2024, 3, 5) in march(1, 5)
    assert date(2024, 3, 6) not in march(1, 5)


def test_length():
    assert len(march(1, 1)) == 1
    assert len(march(1, 31)) == 31


def test_days():
    assert [day.day for day in march(29, 31)] == [29, 30, 31]


def test_workdays():
    assert len(workdays(march(1, 10))) == 6


def test_intersection():
    assert march(1, 10).intersection(march(8, 20)) == march(8, 10)
    assert march(1, 3).intersection(march(4, 5)) is None


def test_merging():
    assert merge([march(20, 22), march(1, 3), march(4, 6), march(5, 9)]) == [march(1, 9), march(20, 22)]


def test_backwards():
    with pytest.raises(ValueError, match="before it starts"):
        march(5, 1)
