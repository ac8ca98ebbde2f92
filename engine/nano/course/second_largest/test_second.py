import unittest

from second import second_largest, without_extremes


class SecondLargestTest(unittest.TestCase):
    def test_two(self):
        self.assertEqual(second_largest([4, 9]), 4)

    def test_descending(self):
        self.assertEqual(second_largest([9, 7, 3]), 7)

    def test_ascending(self):
        self.assertEqual(second_largest([1, 5, 6, 8]), 6)

    def test_mixed(self):
        self.assertEqual(second_largest([10, 2, 30, 15]), 15)

    def test_negative(self):
        self.assertEqual(second_largest([-5, -1, -3]), -3)

    def test_without_extremes(self):
        self.assertEqual(without_extremes([8, 1, 5, 3]), [3, 5])
