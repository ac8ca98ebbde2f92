import unittest

from letters import count_letters, most_common_letter


class LettersTest(unittest.TestCase):
    def test_different_letters(self):
        self.assertEqual(count_letters("abc"), {"a": 1, "b": 1, "c": 1})

    def test_repeated_letters(self):
        self.assertEqual(count_letters("banana"), {"b": 1, "a": 3, "n": 2})

    def test_upper_case_and_spaces(self):
        self.assertEqual(count_letters("Go on!"), {"g": 1, "o": 2, "n": 1})

    def test_most_common(self):
        self.assertEqual(most_common_letter("Mississippi"), "i")

    def test_most_common_of_nothing(self):
        self.assertIsNone(most_common_letter("123"))
