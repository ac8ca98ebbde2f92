import unittest

from clock import add_minutes, format_duration, parse_duration


class ClockTest(unittest.TestCase):
    def test_seconds(self):
        self.assertEqual(format_duration(45), "0:00:45")

    def test_minutes(self):
        self.assertEqual(format_duration(150), "0:02:30")

    def test_hours(self):
        self.assertEqual(format_duration(3661), "1:01:01")
        self.assertEqual(format_duration(7325), "2:02:05")

    def test_parse(self):
        self.assertEqual(parse_duration("1:01:01"), 3661)

    def test_add_minutes(self):
        self.assertEqual(add_minutes(9, 50, 20), (10, 10))

    def test_add_minutes_over_midnight(self):
        self.assertEqual(add_minutes(23, 30, 45), (0, 15))


if __name__ == "__main__":
    unittest.main()
