from durations import humanize


def test_two_largest_units():
    assert humanize(93_784) == "1d 2h"
    assert humanize(61) == "1m 1s"


def test_below_a_second():
    assert humanize(0.25) == "250ms"
