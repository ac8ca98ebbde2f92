import unittest

from clean_list import remove_duplicates, remove_negatives


class TestCleanList(unittest.TestCase):
    def test_nothing_to_remove(self):
        numbers = [1, 2, 3]
        remove_negatives(numbers)
        self.assertEqual(numbers, [1, 2, 3])

    def test_one_negative(self):
        numbers = [4, -1, 6]
        remove_negatives(numbers)
        self.assertEqual(numbers, [4, 6])

    def test_negatives_in_a_row(self):
        numbers = [-3, -2, 5, -1, -4, 0]
        remove_negatives(numbers)
        self.assertEqual(numbers, [5, 0])

    def test_remove_duplicates(self):
        self.assertEqual(remove_duplicates([3, 1, 3, 2, 1]), [3, 1, 2])
        self.assertEqual(remove_duplicates([]), [])
