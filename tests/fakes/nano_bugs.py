"""A bug as `kimicode demo` has it, and what a model does about it."""

from kimicode.cli.demo_bugs import DemoBug
from kimicode.llm.scripted import Reply

RIGHT = '''"""Prices of a small shop."""


def total(prices, start=0):
    result = start
    for price in prices:
        result += price
    return result
'''
TESTS = """import unittest

from shop import total


class TestTotal(unittest.TestCase):
    def test_several(self):
        self.assertEqual(total([10, 20]), 30)

    def test_empty(self):
        self.assertEqual(total([]), 0)


if __name__ == "__main__":
    unittest.main()
"""
BUG = DemoBug(
    id="minus",
    title="total: operator",
    module="shop",
    source=RIGHT,
    tests=TESTS,
    broken=RIGHT.replace("+= price", "-= price"),
    kind="operator",
    why="It subtracts.",
)

RUN = Reply("I run the tests.", calls=[("bash", {"command": "python3 -m unittest"})])
FIX = Reply("It subtracts.", calls=[("strreplace", {"path": "shop.py", "old_str": "-= price", "new_str": "+= price"})])
WRONG = Reply("", calls=[("strreplace", {"path": "shop.py", "old_str": "-= price", "new_str": "*= price"})])
CHEAT = Reply("", calls=[("strreplace", {"path": "test_shop.py", "old_str": "30)", "new_str": "-30)"})])
SUBMIT = Reply("", calls=[("submit", {"summary": "The sum subtracted; the tests pass."})])
ANSWER = Reply("Everything is fine.")
