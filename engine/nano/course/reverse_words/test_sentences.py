import unittest

from sentences import longest_word, reverse_letters, reverse_words


class TestSentences(unittest.TestCase):
    def test_reverse_words(self):
        self.assertEqual(reverse_words("I like green tea"), "tea green like I")

    def test_reverse_one_word(self):
        self.assertEqual(reverse_words("hello"), "hello")

    def test_reverse_nothing(self):
        self.assertEqual(reverse_words(""), "")

    def test_reverse_letters(self):
        self.assertEqual(reverse_letters("good dog"), "doog god")

    def test_longest_word(self):
        self.assertEqual(longest_word("the quick brown fox"), "quick")


if __name__ == "__main__":
    unittest.main()
