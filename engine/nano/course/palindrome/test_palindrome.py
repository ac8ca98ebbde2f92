import unittest

from palindrome import clean, is_palindrome


class TestPalindrome(unittest.TestCase):
    def test_simple_word(self):
        self.assertTrue(is_palindrome("level"))

    def test_no_palindrome(self):
        self.assertFalse(is_palindrome("python"))

    def test_capital_letter(self):
        self.assertTrue(is_palindrome("Anna"))

    def test_sentence(self):
        self.assertTrue(is_palindrome("A man, a plan, a canal: Panama!"))

    def test_clean(self):
        self.assertEqual(clean("no lemon, no melon"), "nolemonnomelon")

    def test_empty(self):
        self.assertTrue(is_palindrome(""))


if __name__ == "__main__":
    unittest.main()
