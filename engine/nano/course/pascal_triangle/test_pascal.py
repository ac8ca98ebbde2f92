import unittest

from pascal import next_row, triangle


class PascalTest(unittest.TestCase):
    def test_second_row(self):
        self.assertEqual(next_row([1]), [1, 1])

    def test_third_row(self):
        self.assertEqual(next_row([1, 1]), [1, 2, 1])

    def test_later_row(self):
        self.assertEqual(next_row([1, 4, 6, 4, 1]), [1, 5, 10, 10, 5, 1])

    def test_triangle(self):
        self.assertEqual(triangle(4), [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1]])

    def test_no_triangle(self):
        self.assertEqual(triangle(0), [])
