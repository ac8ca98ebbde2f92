import unittest

from change import change_for, make_change, number_of_coins


class ChangeTest(unittest.TestCase):
    def test_nothing(self):
        self.assertEqual(make_change(0), {})

    def test_one_coin(self):
        self.assertEqual(make_change(50), {50: 1})

    def test_many_coins(self):
        self.assertEqual(make_change(388), {200: 1, 100: 1, 50: 1, 20: 1, 10: 1, 5: 1, 2: 1, 1: 1})

    def test_same_coin_twice(self):
        self.assertEqual(make_change(440), {200: 2, 20: 2})

    def test_number_of_coins(self):
        self.assertEqual(number_of_coins(99), 6)

    def test_change_for(self):
        self.assertEqual(change_for(130, 200), {50: 1, 20: 1})
        self.assertIsNone(change_for(200, 130))
