import unittest

from library import days_late, late_fee, total_fees


class LibraryTest(unittest.TestCase):
    def test_days_late(self):
        self.assertEqual(days_late(21), 0)
        self.assertEqual(days_late(25), 4)

    def test_in_time(self):
        self.assertEqual(late_fee(10), 0)

    def test_late(self):
        self.assertEqual(late_fee(24), 60)

    def test_very_late(self):
        self.assertEqual(late_fee(365), 500)

    def test_total(self):
        self.assertEqual(total_fees([3, 22, 23]), 60)
        self.assertEqual(total_fees([]), 0)


if __name__ == "__main__":
    unittest.main()
