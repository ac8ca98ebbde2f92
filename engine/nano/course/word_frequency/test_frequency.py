import unittest

from frequency import frequencies, most_common, words_of


class TestFrequency(unittest.TestCase):
    def test_words_of(self):
        self.assertEqual(words_of("Hello, hello world!"), ["hello", "hello", "world"])

    def test_words_of_nothing(self):
        self.assertEqual(words_of(" ... "), [])

    def test_frequencies(self):
        self.assertEqual(frequencies("to be or not to be"), {"to": 2, "be": 2, "or": 1, "not": 1})

    def test_most_common(self):
        self.assertEqual(most_common("A dog, a cat and a mouse"), ["a"])

    def test_most_common_with_ties(self):
        self.assertEqual(most_common("one two two three one", 2), ["one", "two"])


if __name__ == "__main__":
    unittest.main()
