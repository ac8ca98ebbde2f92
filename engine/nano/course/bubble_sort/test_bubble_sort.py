import unittest

from bubble_sort import bubble_sort, is_sorted


class TestBubbleSort(unittest.TestCase):
    def test_already_sorted(self):
        self.assertEqual(bubble_sort([1, 2, 3]), [1, 2, 3])

    def test_reversed(self):
        self.assertEqual(bubble_sort([3, 2, 1]), [1, 2, 3])

    def test_duplicates(self):
        self.assertEqual(bubble_sort([4, 1, 4, 0]), [0, 1, 4, 4])

    def test_empty(self):
        self.assertEqual(bubble_sort([]), [])

    def test_does_not_change_the_argument(self):
        numbers = [2, 1]
        bubble_sort(numbers)
        self.assertEqual(numbers, [2, 1])

    def test_is_sorted(self):
        self.assertTrue(is_sorted([1, 1, 5]))
        self.assertFalse(is_sorted([1, 5, 2]))
