import unittest

from parking import parking_fee, receipt


class ParkingTest(unittest.TestCase):
    def test_free(self):
        self.assertEqual(parking_fee(0), 0)
        self.assertEqual(parking_fee(15), 0)

    def test_full_hours(self):
        self.assertEqual(parking_fee(60), 3)
        self.assertEqual(parking_fee(180), 9)

    def test_started_hours(self):
        self.assertEqual(parking_fee(16), 3)
        self.assertEqual(parking_fee(61), 6)

    def test_whole_day(self):
        self.assertEqual(parking_fee(24 * 60), 20)

    def test_receipt(self):
        self.assertEqual(receipt("AB 123", 10), "AB 123: free")
        self.assertEqual(receipt("AB 123", 120), "AB 123: 6 euros")


if __name__ == "__main__":
    unittest.main()
