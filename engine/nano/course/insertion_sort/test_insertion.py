import unittest

from insertion import insertion_sort


class InsertionSortTest(unittest.TestCase):
    def test_sorted_stays(self):
        self.assertEqual(insertion_sort([1, 3, 7]), [1, 3, 7])

    def test_swap_at_the_end(self):
        self.assertEqual(insertion_sort([1, 9, 4]), [1, 4, 9])

    def test_smallest_last(self):
        self.assertEqual(insertion_sort([5, 8, 2]), [2, 5, 8])

    def test_words(self):
        self.assertEqual(insertion_sort(["pear", "fig", "apple"]), ["apple", "fig", "pear"])

    def test_empty_and_single(self):
        self.assertEqual(insertion_sort([]), [])
        self.assertEqual(insertion_sort([6]), [6])


if __name__ == "__main__":
    unittest.main()
