import unittest

from titles import capitalize_word, initials, title_case


class TitlesTest(unittest.TestCase):
    def test_capitalize_word(self):
        self.assertEqual(capitalize_word("hELLO"), "Hello")
        self.assertEqual(capitalize_word(""), "")

    def test_one_word(self):
        self.assertEqual(title_case("dracula"), "Dracula")

    def test_small_words(self):
        self.assertEqual(title_case("the lord of the rings"), "The Lord of the Rings")

    def test_capitals(self):
        self.assertEqual(title_case("PRIDE AND PREJUDICE"), "Pride and Prejudice")

    def test_initials(self):
        self.assertEqual(initials("grace brewster hopper"), "G.B.H.")
