"""A small project with tests, for what trains kimi-nano: it has a few lines of each sort that bugs are made of."""

from nano_training.project import Project

SOURCE = '''"""Prices of a small shop."""


def total(prices, discount=0):
    """Return the sum of the prices, less the discount."""
    result = 0
    for price in prices:
        result += price
    return result - discount


def cheapest(prices):
    """Return the lowest price, None where there is none."""
    if not prices:
        return None
    lowest = prices[0]
    for price in prices[1:]:
        if price < lowest:
            lowest = price
    return lowest


class Basket:
    """What somebody wants to buy."""

    def __init__(self, most=3):
        self.most = most
        self.items = []

    def add(self, name, price):
        """Add an item; raise ValueError where the basket is full."""
        if len(self.items) >= self.most:
            raise ValueError("full")
        self.items.append((name, price))

    def names(self):
        """Return the items' names in order."""
        return sorted(name for name, price in self.items)
'''
TESTS = """import unittest

from shop import Basket, cheapest, total


class TestTotal(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(total([10, 20], 5), 25)

    def test_empty(self):
        self.assertEqual(total([]), 0)


class TestCheapest(unittest.TestCase):
    def test_several(self):
        self.assertEqual(cheapest([3, 2, 5]), 2)

    def test_last(self):
        self.assertEqual(cheapest([3, 3, 1]), 1)

    def test_none(self):
        self.assertIsNone(cheapest([]))


class TestBasket(unittest.TestCase):
    def test_names(self):
        basket = Basket()
        basket.add("pear", 2)
        basket.add("apple", 1)
        self.assertEqual(basket.names(), ["apple", "pear"])

    def test_full(self):
        basket = Basket(1)
        basket.add("pear", 2)
        with self.assertRaises(ValueError):
            basket.add("plum", 3)


if __name__ == "__main__":
    unittest.main()
"""
SHOP = Project(("total", "cheapest", "basket"), "shop", SOURCE, TESTS)
