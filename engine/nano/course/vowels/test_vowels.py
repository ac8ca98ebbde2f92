import unittest

from vowels import count_vowels, remove_vowels


class TestVowels(unittest.TestCase):
    def test_count(self):
        self.assertEqual(count_vowels("programming"), 3)

    def test_count_capitals(self):
        self.assertEqual(count_vowels("EUROPE"), 4)

    def test_count_none(self):
        self.assertEqual(count_vowels("rhythm"), 0)

    def test_count_empty(self):
        self.assertEqual(count_vowels(""), 0)

    def test_remove(self):
        self.assertEqual(remove_vowels("Education"), "dctn")
