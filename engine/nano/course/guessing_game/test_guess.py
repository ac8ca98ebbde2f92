import unittest

from guess import hint, play


class GuessTest(unittest.TestCase):
    def test_too_low(self):
        self.assertEqual(hint(50, 20), "too low")

    def test_too_high(self):
        self.assertEqual(hint(50, 51), "too high")

    def test_correct(self):
        self.assertEqual(hint(50, 50), "correct")

    def test_play_lucky(self):
        self.assertEqual(play(50), [50])

    def test_play(self):
        self.assertEqual(play(6, 1, 10), [5, 8, 6])
        self.assertEqual(play(1, 1, 10), [5, 2, 1])
