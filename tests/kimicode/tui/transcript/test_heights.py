"""Prefix sums agree with adding up."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.transcript.heights import Heights

sizes = st.lists(st.integers(0, 9), min_size=1, max_size=40)


@given(sizes, sizes, st.data())
def test_sums_and_places_are_those_of_a_plain_list(begin, more, data):
    values = list(begin)
    heights = Heights(begin)
    for value in more:
        if data.draw(st.booleans()):
            heights.append(value)
            values.append(value)
        else:
            index = data.draw(st.integers(0, len(values) - 1))
            heights.add(index, value - values[index])
            values[index] = value
    assert [heights[index] for index in range(len(heights))] == values
    assert [heights.before(index) for index in range(len(values) + 1)] == list(accumulate(values, initial=0))
    assert heights.total == sum(values)
    owners = [(index, line) for index, value in enumerate(values) for line in range(value)]
    assert [heights.find(line) for line in range(heights.total)] == owners


def test_lines_outside_belong_to_the_ends():
    heights = Heights([2, 3])
    assert heights.find(-5) == (0, 0)
    assert heights.find(99) == (1, 2)
    assert Heights([0]).find(7) == (0, 0)
