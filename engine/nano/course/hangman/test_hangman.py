import unittest

from hangman import is_lost, is_won, show_word, wrong_guesses


class TestHangman(unittest.TestCase):
    def test_show_nothing(self):
        self.assertEqual(show_word("tree", []), "____")

    def test_show_some(self):
        self.assertEqual(show_word("tree", ["e", "x"]), "__ee")

    def test_wrong_guesses(self):
        self.assertEqual(wrong_guesses("tree", ["e", "x", "q"]), ["x", "q"])

    def test_won(self):
        self.assertTrue(is_won("tree", ["t", "r", "e"]))
        self.assertFalse(is_won("tree", ["t", "r"]))

    def test_lost(self):
        self.assertTrue(is_lost("tree", list("abcdfg")))
        self.assertFalse(is_lost("tree", list("trabcd")))

    def test_lost_with_few_lives(self):
        self.assertTrue(is_lost("tree", ["z"], lives=1))
