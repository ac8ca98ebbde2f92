import unittest

from rotate import is_rotation, rotate_left, rotate_right


class TestRotate(unittest.TestCase):
    def test_left(self):
        self.assertEqual(rotate_left([1, 2, 3, 4], 1), [2, 3, 4, 1])

    def test_right(self):
        self.assertEqual(rotate_right([1, 2, 3, 4], 1), [4, 1, 2, 3])

    def test_empty(self):
        self.assertEqual(rotate_left([], 3), [])

    def test_more_than_length(self):
        self.assertEqual(rotate_left([1, 2, 3], 4), [2, 3, 1])
        self.assertEqual(rotate_right([1, 2, 3], 5), [2, 3, 1])

    def test_is_rotation(self):
        self.assertTrue(is_rotation([1, 2, 3], [3, 1, 2]))
        self.assertFalse(is_rotation([1, 2, 3], [3, 2, 1]))
