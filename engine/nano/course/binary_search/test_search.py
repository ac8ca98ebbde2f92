import unittest

from search import binary_search, linear_search


class TestSearch(unittest.TestCase):
    def setUp(self):
        self.numbers = [2, 5, 8, 12, 16, 23, 38]

    def test_linear(self):
        self.assertEqual(linear_search([4, 9, 1], 9), 1)
        self.assertEqual(linear_search([4, 9, 1], 7), -1)

    def test_binary_middle(self):
        self.assertEqual(binary_search(self.numbers, 12), 3)

    def test_binary_first_and_last(self):
        self.assertEqual(binary_search(self.numbers, 2), 0)
        self.assertEqual(binary_search(self.numbers, 38), 6)

    def test_binary_missing(self):
        self.assertEqual(binary_search(self.numbers, 13), -1)

    def test_binary_single(self):
        self.assertEqual(binary_search([7], 7), 0)

    def test_binary_empty(self):
        self.assertEqual(binary_search([], 7), -1)


if __name__ == "__main__":
    unittest.main()
