import unittest

from inventory import Inventory


class InventoryTest(unittest.TestCase):
    def test_add_new_article(self):
        shop = Inventory()
        shop.add("pen", 10)
        self.assertEqual(shop.stock, {"pen": 10})

    def test_add_more(self):
        shop = Inventory()
        shop.add("pen", 10)
        shop.add("pen", 5)
        self.assertEqual(shop.stock["pen"], 15)

    def test_sell(self):
        shop = Inventory()
        shop.add("book", 3)
        shop.sell("book", 3)
        self.assertEqual(shop.stock["book"], 0)

    def test_sell_too_many(self):
        with self.assertRaises(ValueError):
            Inventory().sell("book", 1)

    def test_running_low(self):
        shop = Inventory()
        shop.add("ruler", 5)
        shop.add("pen", 4)
        shop.add("book", 1)
        self.assertEqual(shop.running_low(), ["book", "pen"])
