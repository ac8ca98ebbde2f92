import pytest

from weather.stats import moving_average, readings, summarize


def test_units_are_mixed_and_gaps_skipped():
    assert readings(["20 C", "", "68 F", "-", "293.15 K"]) == pytest.approx([20, 20, 20])


def test_moving_average():
    assert moving_average([1, 2, 3, 4], 2) == [1.5, 2.5, 3.5]
    assert moving_average([1, 2], 3) == []


def test_summary():
    summary = summarize([2, 4, 4, 4, 5, 5, 7, 9])
    assert (summary.count, summary.low, summary.high) == (8, 2, 9)
    assert summary.mean == 5
    assert summary.deviation == 2


def test_nothing_to_summarize():
    with pytest.raises(ValueError, match="no readings"):
        summarize([])
