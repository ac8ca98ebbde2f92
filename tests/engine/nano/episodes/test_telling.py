"""What a failing run says in a few words, told from its output alone."""

import pytest

from nano_training.episodes.telling import LONGEST, failure
from nano_training.programs import trial

SHOP = "def total(a, b=0):\n    return a + b\n\n\ndef names():\n    raise KeyError('ann')\n"
TESTS = "import unittest\n\nimport shop\n\n\nclass TestShop(unittest.TestCase):\n    def test_it(self):\n        "


def told(line: str) -> str:
    failed = failure(
        trial.run("/home/ann/shop", {"shop.py": SHOP, "test_shop.py": f"{TESTS}{line}\n"}, seconds=5.0).output
    )
    assert failed is not None
    return failed.sentence()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("self.assertEqual(shop.total(1, 2), 4)", "`shop.total(1, 2)` gives 3 instead of 4."),
        ("self.assertEqual(4, shop.total(1, 2))", "`shop.total(1, 2)` gives 3 instead of 4."),
        ("self.assertEqual(shop.total([1], [2]), [1])", "`shop.total([1], [2])` gives [1, 2] instead of [1]."),
        ("self.assertTrue(shop.total(0))", "`shop.total(0)` gives 0 instead of True."),
        ("self.assertFalse(shop.total(1))", "`shop.total(1)` gives 1 instead of False."),
        ("self.assertIsNone(shop.total(1))", "`shop.total(1)` gives 1 instead of None."),
        ("self.assertEqual(shop.names(), 1)", "`shop.names()` raises KeyError: 'ann'."),
        ("self.assertRaises(ValueError, shop.total, 1)", "test_it does not raise ValueError."),
        ("self.assertGreater(shop.total(1), 2)", "`shop.total(1)` fails."),
        ("self.assertEqual(shop.total('a' * 70, 'b'), 2)", "`shop.total('a' * 70, 'b')` gives something else."),
        (f"self.assertEqual(shop.total({'0' * LONGEST}), 2)", "test_it gives 0 instead of 2."),
    ],
)
def test_it_says_which_call_gave_what(line, sentence):
    assert told(line) == sentence


def test_after_a_change_it_says_now():
    failed = failure(
        "FAIL: test_a (x.Y)\n" + "-" * 70 + "\nTraceback\nAssertionError: 1 != 2\n\n" + "-" * 70 + "\nRan 1"
    )
    assert failed is not None
    assert failed.sentence(now=True) == "test_a now gives 1 instead of 2."


def test_a_module_that_cannot_be_imported_is_told_by_its_error():
    files = {"shop.py": "import no_such_thing_here\n", "test_shop.py": f"{TESTS}pass\n"}
    failed = failure(trial.run("/home/ann/shop", files, seconds=5.0).output)
    assert failed is not None
    assert failed.said.startswith("raises ModuleNotFoundError: No module named 'no_such_thing_here'")


def test_of_a_run_that_passes_there_is_nothing_to_tell():
    assert failure("..\n" + "-" * 70 + "\nRan 2 tests in 0.000s\n\nOK\n") is None
