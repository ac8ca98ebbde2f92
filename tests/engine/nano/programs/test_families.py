"""Texts of families: what is read, what is refused with its place, and who stands on which side."""

import random
from pathlib import Path

import pytest

from nano_training.programs import draws, families
from nano_training.programs.families import Example, FamilyError

GOOD = """\
## running_total
def running_total(values, start=0):
    \"\"\"Return the running sums of values.\"\"\"
    totals = []
    for value in values:
        start += value
        totals.append(start)
    return totals
-- several: running_total(ints_(3, 6, -9, 20))
-- with_start: running_total([1, 2, 3], num_(5, 9))
-- empty: running_total([])

## coin_box
class CoinBox:
    def __init__(self):
        self.coins = []
-- new: CoinBox().coins
-- one: box = CoinBox(); box.coins.append(num_(1, 2)); box.coins
-- none: len(CoinBox().coins)
"""


def parsed(text):
    return tuple(families.parse(text, Path("sums.txt")))


def test_families_are_read_in_order():
    first, second = parsed(GOOD)
    assert (first.name, first.topic, len(first.examples)) == ("running_total", "sums", 3)
    assert first.code.startswith("def running_total(")
    assert first.code.endswith("return totals\n")
    assert second.examples[1] == Example("one", "box = CoinBox(); box.coins.append(num_(1, 2)); box.coins")


def test_a_folder_is_loaded_and_a_name_stands_once(tmp_path):
    (tmp_path / "a.txt").write_text(GOOD)
    assert [family.name for family in families.load(tmp_path)] == ["running_total", "coin_box"]
    (tmp_path / "b.txt").write_text(GOOD)
    assert families.named(tmp_path).count("coin_box") == 2
    with pytest.raises(FamilyError, match=r"b\.txt: running_total is also in a\.txt"):
        families.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("## running_total", "text\n## running_total", r"sums\.txt:1: text before"),
        ("## running_total", "## RunningTotal", r"sums\.txt:1: 'RunningTotal' is no snake_case name"),
        ("## running_total", "## other", r"sums\.txt:1: other defines \['running_total'\]"),
        ("    for value in values:", "    for value in values", r"sums\.txt:5: expected ':'"),
        ("-- several: running_total(ints_", "-- Several: running_total(ints_", r"sums\.txt:9: an example is"),
        ("-- empty: running_total([])", "-- empty: x = running_total([])", r"sums\.txt:11: an example ends in"),
        ("-- empty: running_total([])", "-- empty: running_total([)", r"sums\.txt:11: "),
        ("-- empty: running_total([])", "-- empty: running_total(nums_(3))", r"there is no helper nums_"),
        ("-- empty: running_total([])", "-- empty: running_total(num_(3))", r"num_ takes 2 arguments, not 1"),
        ("-- empty: running_total([])", "-- several: running_total([])", r"each with its own name"),
        ("## coin_box\n", "## coin_box\nprint(1)\n", r"sums\.txt:14: only imports"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old, new, message):
    assert old in GOOD
    with pytest.raises(FamilyError, match=message):
        parsed(GOOD.replace(old, new, 1))


def test_every_helper_draws_a_literal_within_its_bounds():
    rng = random.Random(1)
    for _ in range(50):
        number, some, flag = eval(draws.draw("num_(2, 4), ints_(1, 3, -5, 5), flag_()", rng))
        assert 2 <= number <= 4
        assert 1 <= len(some) <= 3
        assert all(-5 <= one <= 5 for one in some)
        assert isinstance(flag, bool)
        text, letters, digits = eval(draws.draw("text_(2, 3), letters_(4, 4), digits_(1, 2)", rng))
        assert 2 <= len(text.split()) <= 3
        assert set(letters) <= set("abcde")
        assert digits.isdigit()
        table, pairs, grid = eval(draws.draw("table_(1, 2), pairs_(0, 2), grid_(2, 3, 0, 1)", rng))
        assert all(isinstance(count, int) for count in table.values())
        assert len(pairs) <= 2
        assert [len(row) for row in grid] == [3, 3]
        real, word, words = eval(draws.draw("real_(0, 1), word_(), words_(1, 2)", rng))
        assert len(repr(real)) == 3
        assert word in draws.WORDS
        assert set(words) <= set(draws.WORDS)


def test_what_is_picked_may_be_drawn_itself():
    found = {draws.draw("f(pick_(num_(1, 1), 'a', None), 'é')", random.Random(seed)) for seed in range(40)}
    assert found == {"f(1, 'é')", "f('a', 'é')", "f(None, 'é')"}


def test_chance_alone_decides_a_draw():
    example = Example("several", "f(ints_(3, 6, -9, 20), word_())")
    assert example.drawn(random.Random(5)) == example.drawn(random.Random(5)) != example.drawn(random.Random(6))


def test_about_one_in_six_falls_out_and_always_the_same():
    names = [f"family_{number}" for number in range(2000)]
    held = [name for name in names if families.is_held_out(name)]
    assert 0.15 < len(held) / len(names) < 0.21
    assert held == [name for name in names if families.falls_out(name)]
