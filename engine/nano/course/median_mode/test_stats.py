import unittest

from stats import median, mode


class StatsTest(unittest.TestCase):
    def test_median_odd(self):
        self.assertEqual(median([5, 1, 3]), 3)

    def test_median_even(self):
        self.assertEqual(median([4, 1, 3, 2]), 2.5)
        self.assertEqual(median([10, 20, 40, 90]), 30)

    def test_median_one(self):
        self.assertEqual(median([8]), 8)

    def test_mode(self):
        self.assertEqual(mode([1, 4, 4, 2]), 4)

    def test_mode_tie(self):
        self.assertEqual(mode([7, 5, 5, 7]), 7)


if __name__ == "__main__":
    unittest.main()
