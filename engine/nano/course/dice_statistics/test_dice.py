import unittest

from dice import count_rolls, longest_streak, most_frequent


class TestDice(unittest.TestCase):
    def test_no_rolls(self):
        self.assertEqual(count_rolls([]), [0, 0, 0, 0, 0, 0])

    def test_count(self):
        self.assertEqual(count_rolls([1, 3, 3, 5]), [1, 0, 2, 0, 1, 0])

    def test_count_six(self):
        self.assertEqual(count_rolls([6, 6, 2]), [0, 1, 0, 0, 0, 2])

    def test_most_frequent(self):
        self.assertEqual(most_frequent([2, 4, 4, 1]), 4)

    def test_longest_streak(self):
        self.assertEqual(longest_streak([1, 1, 5, 5, 5, 1]), 3)
        self.assertEqual(longest_streak([]), 0)


if __name__ == "__main__":
    unittest.main()
