import unittest

from rps import beats, play_match, play_round


class RockPaperScissorsTest(unittest.TestCase):
    def test_beats(self):
        self.assertTrue(beats("rock", "scissors"))
        self.assertFalse(beats("rock", "paper"))

    def test_draw(self):
        self.assertEqual(play_round("paper", "paper"), 0)

    def test_first_player_wins(self):
        self.assertEqual(play_round("paper", "rock"), 1)

    def test_second_player_wins(self):
        self.assertEqual(play_round("paper", "scissors"), 2)

    def test_match(self):
        rounds = [("rock", "scissors"), ("rock", "rock"), ("paper", "rock")]
        self.assertEqual(play_match(rounds), (2, 0))
