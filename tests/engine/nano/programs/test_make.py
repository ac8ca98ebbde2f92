"""Projects made of families: always right, never twice the same, short, and decided by chance alone."""

import ast
import random
import sys
from pathlib import Path

import pytest

from nano_training.programs import families, make, trial

SUMS = '''\
## running_total
import math
from itertools import accumulate


def running_total(values, start=3):
    """Return the running sums of values, beginning with start."""
    totals = [value + start for value in accumulate(values)]
    return totals if start < math.inf else []
-- several: running_total(ints_(3, 6, -9, 20))
-- with_start: running_total([1, 2, 3], start=num_(5, 9))
-- one: running_total([num_(1, 9)])
-- wrong: running_total(None)
-- long: running_total(list(range(100)))

## coin_box
class CoinBox:
    """Coins, at most limit of them."""

    def __init__(self, limit=2):
        self.limit = limit
        self.coins = []

    def drop(self, coin):
        """Put one in."""
        if len(self.coins) >= self.limit:
            raise OverflowError(f"more than {self.limit} coins")
        self.coins.append(coin)

    def has(self, coin):
        return coin in self.coins
-- new: CoinBox().coins
-- one: box = CoinBox(); box.drop(num_(1, 2)); box.coins
-- full: box = CoinBox(limit=1); box.drop(1); box.drop(num_(2, 5))
-- has: box = CoinBox(); box.drop(2); box.has(pick_(2, 3))
-- ratio: CoinBox(4).limit / 8
-- nothing: print()
'''


@pytest.fixture(scope="module")
def small():
    return tuple(families.parse(SUMS, Path("sums.txt")))


@pytest.fixture(scope="module")
def ours():
    return families.load(families.FOLDER)


def test_projects_of_a_few_families_pass_and_hardly_ever_repeat(small):
    made = [make.project(small, random.Random(seed)) for seed in range(60)]
    for one in made:
        found = trial.run("/shop", {one.path: one.source, one.test_path: one.tests}, seconds=5.0)
        assert found.passed, f"{one.source}\n{one.tests}\n{found.output}"
    assert len({one.source for one in made}) > 55
    assert {one.families for one in made} > {("running_total",), ("coin_box",)}


def test_projects_of_our_own_families_pass_and_are_short(ours):
    for seed in range(40):
        made = make.project(ours, random.Random(seed))
        assert trial.run("/shop", {made.path: made.source, made.test_path: made.tests}, seconds=5.0).passed
        assert 1 <= len(made.families) <= 4
        assert made.source.count("\n") <= 60
        assert made.tests.count("\n") <= 60
        assert max(len(line) for line in (made.source + made.tests).split("\n")) <= 120
        assert made.module not in sys.stdlib_module_names
        assert made.source.endswith("\n")
        assert not made.source.endswith("\n\n")
        assert made.tests.endswith("\n")
        assert not made.tests.endswith("\n\n")
        tests = ast.parse(made.tests)
        methods = [node.name for node in ast.walk(tests) if isinstance(node, ast.FunctionDef)]
        assert all(name.startswith("test_") for name in methods)
        assert len(methods) >= 3 * len(made.families)


def test_chance_alone_decides(small):
    assert make.project(small, random.Random(3)) == make.project(small, random.Random(3))


def test_every_way_to_write_a_test_occurs(small):
    texts = "\n".join(make.project(small, random.Random(seed)).tests for seed in range(150))
    for way in (
        "with self.assertRaises(OverflowError):",
        "with self.assertRaises(TypeError):",
        "self.assertTrue(",
        "self.assertFalse(",
        "self.assertIsNone(",
        "self.assertAlmostEqual(",
        "result = ",
        "unittest.main()",
        "class Test",
        "Test(unittest.TestCase)",
    ):
        assert way in texts, way
    assert any(line.startswith("import ") and "unittest" not in line for line in texts.split("\n"))


def test_families_that_never_run_make_no_project():
    broken = families.Family(
        "broken", "sums", "def broken():\n    return missing\n", (families.Example("one", "broken()"),) * 3
    )
    with pytest.raises(make.MakeError, match="nothing comes of 1 families"):
        make.project([broken], random.Random(0))
