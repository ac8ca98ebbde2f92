"""From one text to another by strreplace: the quote fits one place, says little, and leads exactly where it should."""

import random
from itertools import pairwise

import pytest

from kimicode.workspace.files import Files
from nano_training.bugs import mutate
from nano_training.episodes.episode import UnplayableError
from nano_training.episodes.replacing import replacement, replacements

SOURCE = """def first(values):
    total = 0
    for value in values:
        total += value
    return total


def second(values):
    total = 0
    for value in values:
        if value:
            total -= value
            values = None
    return total
"""


def test_a_line_that_stands_once_is_quoted_without_its_indentation():
    made = replacement(SOURCE, SOURCE.replace("+= value", "-= value"))
    assert (made.old, made.new) == ("total += value", "total -= value")


def test_a_line_that_stands_twice_is_quoted_with_the_one_above():
    other = SOURCE.replace("    return total\n\n", "    return value\n\n")
    made = replacement(SOURCE, other)
    assert made.old == "total += value\n    return total"
    assert made.new == "total += value\n    return value"
    assert made.alone == "return total"


def test_a_part_of_another_line_is_not_unique_either():
    source = "def f(x):\n    y = x\n    return x\n\n\ndef g(x):\n    return x + 1\n"
    made = replacement(source, source.replace("    return x\n\n", "    return y\n\n"))
    assert made.old == "y = x\n    return x"


def test_a_line_that_moves_keeps_its_indentation():
    moved = SOURCE.replace("            values = None", "        values = None")
    made = replacement(SOURCE, moved)
    assert (made.old, made.new) == ("            values = None", "        values = None")


def test_a_missing_line_is_put_back_beside_its_neighbour():
    short = SOURCE.replace("            values = None\n", "")
    made = replacement(short, SOURCE)
    assert made.old == "total -= value"
    assert made.new == "total -= value\n            values = None"
    assert replacement(SOURCE, short).new == "total -= value"


def test_a_change_elsewhere_takes_two_calls_and_one_in_the_same_place_takes_one():
    here, there = SOURCE.replace("+= value", "*= value"), SOURCE.replace("-= value", "*= value")
    assert [made.old for made in replacements(here, SOURCE, there)] == ["total *= value", "total -= value"]
    assert [made.new for made in replacements(here, SOURCE, SOURCE.replace("+= value", "= value"))] == ["total = value"]
    assert [made.new for made in replacements(here, SOURCE, SOURCE)] == ["total += value"]


def test_what_is_the_same_cannot_be_replaced():
    with pytest.raises(UnplayableError, match="nothing changes"):
        replacement(SOURCE, SOURCE)


def test_the_products_own_tool_gets_there_from_every_mutant_to_every_other(tmp_path):
    rng = random.Random(1)
    mutants = [edit.apply(SOURCE) for edit, _ in zip(mutate.edits(SOURCE, rng), range(40), strict=False)]
    for number, (current, target) in enumerate(pairwise(mutants)):
        path = tmp_path / f"{number}.py"
        path.write_text(current)
        for made in replacements(current, SOURCE, target) if current != target else ():
            Files(tmp_path).replace(path.name, made.old, made.new)
        assert path.read_text() == target
