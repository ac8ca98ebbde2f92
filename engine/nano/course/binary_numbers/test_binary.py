import unittest

from binary import from_binary, to_binary


class BinaryTest(unittest.TestCase):
    def test_zero(self):
        self.assertEqual(to_binary(0), "0")

    def test_seven(self):
        self.assertEqual(to_binary(7), "111")

    def test_to_binary(self):
        self.assertEqual(to_binary(6), "110")
        self.assertEqual(to_binary(37), "100101")

    def test_from_binary(self):
        self.assertEqual(from_binary("110"), 6)
        self.assertEqual(from_binary("0"), 0)

    def test_there_and_back(self):
        self.assertEqual(from_binary(to_binary(202)), 202)
