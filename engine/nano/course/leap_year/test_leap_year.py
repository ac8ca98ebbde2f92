import unittest

from leap_year import days_in_month, is_leap_year


class LeapYearTest(unittest.TestCase):
    def test_ordinary_year(self):
        self.assertFalse(is_leap_year(2019))

    def test_divisible_by_four(self):
        self.assertTrue(is_leap_year(2024))

    def test_century(self):
        self.assertFalse(is_leap_year(1900))

    def test_divisible_by_400(self):
        self.assertTrue(is_leap_year(2000))

    def test_february(self):
        self.assertEqual(days_in_month(2, 2023), 28)
        self.assertEqual(days_in_month(2, 2024), 29)

    def test_other_months(self):
        self.assertEqual(days_in_month(4, 2023), 30)
        self.assertEqual(days_in_month(12, 2023), 31)
