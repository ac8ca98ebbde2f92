import unittest

from cart import ShoppingCart


class CartTest(unittest.TestCase):
    def setUp(self):
        self.cart = ShoppingCart()

    def test_empty(self):
        self.assertEqual(self.cart.total(), 0)
        self.assertEqual(self.cart.count(), 0)

    def test_single_pieces(self):
        self.cart.add("milk", 119)
        self.cart.add("bread", 250)
        self.assertEqual(self.cart.total(), 369)

    def test_quantity(self):
        self.cart.add("egg", 30, 6)
        self.assertEqual(self.cart.count(), 6)
        self.assertEqual(self.cart.total(), 180)

    def test_remove(self):
        self.cart.add("milk", 119)
        self.cart.add("cake", 800)
        self.cart.remove("cake")
        self.assertEqual(self.cart.total(), 119)


if __name__ == "__main__":
    unittest.main()
