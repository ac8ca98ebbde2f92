"""A folder that stands in for the package kimi_nano: its engine is the fake one, which plays prepared answers."""

import json
from pathlib import Path
from typing import Any

from tests.fakes.local_engine import checkpoint

SOURCE = '''\
def total(prices):
    """The sum of prices."""
    result = 0
    for price in prices:
        result += price
    return result


def largest(values, default=None):
    """The largest of values, or the default where there are none."""
    return max(values, default=default)
'''
TESTS = """\
import unittest

from shop import largest, total


class TestShop(unittest.TestCase):
    def test_several(self):
        self.assertEqual(total([1, 2, 3]), 6)

    def test_empty(self):
        self.assertEqual(total([]), 0)

    def test_largest(self):
        self.assertEqual(largest([3, 9, 2]), 9)


if __name__ == "__main__":
    unittest.main()
"""
BUG = {
    "id": "adding-up", "title": "Adding up", "families": ["total", "largest"], "module": "shop", "source": SOURCE,
    "tests": TESTS, "line": 5, "old": "        result += price", "new": "        result -= price", "kind": "operator",
    "why": "total subtracts the prices.",
}  # fmt: skip
RUN = {"text": "I run the tests first.", "calls": [("bash", {"command": "python3 -m unittest"})]}
FIX = {
    "text": "total([1, 2, 3]) gave -6 instead of 6: the loop subtracts.",
    "calls": [("strreplace", {"path": "shop.py", "old_str": "result -= price", "new_str": "result += price"})],
}
DONE = {"calls": [("submit", {"summary": "total adds the prices now."})]}
SURRENDER = {"calls": [("submit", {"summary": "I did not find the bug."})]}
SOLVED = (RUN, FIX, RUN, DONE)


def package(folder: Path, *turns: dict[str, Any], **config: Any) -> Path:
    """What KIMICODE_NANO may name: one bug, and a checkpoint for `tests.fakes.local_engine`."""
    weights = checkpoint(folder / "checkpoint", turns=turns, **{"window": 8_192, **config})
    for name in ("tiktoken.model", "tokenizer_config.json", "model.safetensors"):
        (weights / name).touch()
    (folder / "bugs.json").write_text(json.dumps([BUG]))
    return folder
