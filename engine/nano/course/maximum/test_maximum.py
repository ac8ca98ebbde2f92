import unittest

from maximum import maximum, minimum, spread


class MaximumTest(unittest.TestCase):
    def test_maximum(self):
        self.assertEqual(maximum([3, 8, 5]), 8)

    def test_maximum_of_one(self):
        self.assertEqual(maximum([4]), 4)

    def test_maximum_of_negative_numbers(self):
        self.assertEqual(maximum([-7, -2, -9]), -2)

    def test_minimum(self):
        self.assertEqual(minimum([3, 8, 5]), 3)

    def test_minimum_of_negative_numbers(self):
        self.assertEqual(minimum([-7, -2, -9]), -9)

    def test_spread(self):
        self.assertEqual(spread([10, 4, 7]), 6)
        self.assertEqual(spread([-5, -1]), 4)
