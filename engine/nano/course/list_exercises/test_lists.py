import unittest

from lists import countdown, every_second, with_bonus


class TestLists(unittest.TestCase):
    def test_with_bonus(self):
        self.assertEqual(with_bonus([10, 20], 5), [15, 25])

    def test_with_bonus_keeps_the_scores(self):
        scores = [7, 8, 9]
        with_bonus(scores, 1)
        self.assertEqual(scores, [7, 8, 9])

    def test_every_second(self):
        self.assertEqual(every_second(["a", "b", "c", "d", "e"]), ["a", "c", "e"])
        self.assertEqual(every_second([]), [])

    def test_countdown(self):
        self.assertEqual(countdown(3), [3, 2, 1])
        self.assertEqual(countdown(0), [])
