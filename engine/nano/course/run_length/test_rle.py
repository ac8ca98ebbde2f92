import unittest

from rle import decode, encode


class TestRunLength(unittest.TestCase):
    def test_empty(self):
        self.assertEqual(encode(""), "")
        self.assertEqual(decode(""), "")

    def test_encode(self):
        self.assertEqual(encode("aaabcc"), "a3b1c2")

    def test_encode_one_run(self):
        self.assertEqual(encode("zzzz"), "z4")

    def test_decode(self):
        self.assertEqual(decode("x2y3"), "xxyyy")

    def test_there_and_back(self):
        self.assertEqual(decode(encode("wwwbbw")), "wwwbbw")
