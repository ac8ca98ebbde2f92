import unittest

from digits import digit_sum, digital_root, is_divisible_by_nine


class DigitsTest(unittest.TestCase):
    def test_digit_sum(self):
        self.assertEqual(digit_sum(1234), 10)
        self.assertEqual(digit_sum(-25), 7)

    def test_root_of_one_digit(self):
        self.assertEqual(digital_root(7), 7)

    def test_root_in_one_step(self):
        self.assertEqual(digital_root(21), 3)

    def test_root_in_two_steps(self):
        self.assertEqual(digital_root(999), 9)
        self.assertEqual(digital_root(4567), 4)

    def test_divisible_by_nine(self):
        self.assertTrue(is_divisible_by_nine(729))
        self.assertFalse(is_divisible_by_nine(730))
