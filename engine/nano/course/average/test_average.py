import unittest

from average import above_average, average


class TestAverage(unittest.TestCase):
    def test_whole_number(self):
        self.assertEqual(average([2, 4, 6]), 4)

    def test_fraction(self):
        self.assertEqual(average([1, 2]), 1.5)
        self.assertEqual(average([3, 4, 4, 6]), 4.25)

    def test_empty(self):
        self.assertEqual(average([]), 0)

    def test_above_average(self):
        self.assertEqual(above_average([1, 2, 9]), [9])

    def test_nobody_above(self):
        self.assertEqual(above_average([5, 5]), [])


if __name__ == "__main__":
    unittest.main()
