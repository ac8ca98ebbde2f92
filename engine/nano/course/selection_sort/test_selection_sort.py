import unittest

from selection_sort import index_of_smallest, selection_sort


class TestSelectionSort(unittest.TestCase):
    def test_index_of_smallest(self):
        self.assertEqual(index_of_smallest([3, 1, 2], 0), 1)

    def test_index_of_smallest_from_start(self):
        self.assertEqual(index_of_smallest([0, 9, 4, 6], 1), 2)

    def test_sort_two(self):
        self.assertEqual(selection_sort([2, 1]), [1, 2])

    def test_sort_many(self):
        self.assertEqual(selection_sort([64, 25, 12, 22, 11]), [11, 12, 22, 25, 64])

    def test_sort_empty(self):
        self.assertEqual(selection_sort([]), [])
