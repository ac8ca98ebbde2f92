import unittest

from matrix import add, transpose


class TestMatrix(unittest.TestCase):
    def test_transpose_square(self):
        self.assertEqual(transpose([[1, 2], [3, 4]]), [[1, 3], [2, 4]])

    def test_transpose_row(self):
        self.assertEqual(transpose([[1, 2, 3]]), [[1], [2], [3]])

    def test_transpose_wide(self):
        self.assertEqual(transpose([[1, 2, 3], [4, 5, 6]]), [[1, 4], [2, 5], [3, 6]])

    def test_transpose_twice(self):
        self.assertEqual(transpose(transpose([[7, 8], [9, 0], [1, 2]])), [[7, 8], [9, 0], [1, 2]])

    def test_add(self):
        self.assertEqual(add([[1, 2]], [[3, 4]]), [[4, 6]])
