import unittest

from merge import merge, merge_sort


class TestMerge(unittest.TestCase):
    def test_left_is_longer(self):
        self.assertEqual(merge([1, 5, 9], [2]), [1, 2, 5, 9])

    def test_right_is_longer(self):
        self.assertEqual(merge([3], [1, 4, 6]), [1, 3, 4, 6])

    def test_one_is_empty(self):
        self.assertEqual(merge([], [1, 2]), [1, 2])
        self.assertEqual(merge([1, 2], []), [1, 2])

    def test_sort(self):
        self.assertEqual(merge_sort([5, 2, 8, 1, 9, 3]), [1, 2, 3, 5, 8, 9])

    def test_sort_short(self):
        self.assertEqual(merge_sort([]), [])
        self.assertEqual(merge_sort([4]), [4])


if __name__ == "__main__":
    unittest.main()
