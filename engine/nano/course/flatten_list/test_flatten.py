import unittest

from flatten import flatten, nested_sum


class TestFlatten(unittest.TestCase):
    def test_flat(self):
        self.assertEqual(flatten([1, 2, 3]), [1, 2, 3])

    def test_one_level(self):
        self.assertEqual(flatten([1, [2, 3], 4]), [1, 2, 3, 4])

    def test_many_levels(self):
        self.assertEqual(flatten([[1, [2]], [[[3]]]]), [1, 2, 3])

    def test_empty(self):
        self.assertEqual(flatten([]), [])
        self.assertEqual(flatten([[], []]), [])

    def test_nested_sum(self):
        self.assertEqual(nested_sum([5, [10, [20]]]), 35)


if __name__ == "__main__":
    unittest.main()
