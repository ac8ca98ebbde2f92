import unittest

from temperature import celsius_to_fahrenheit, describe, fahrenheit_to_celsius


class TemperatureTest(unittest.TestCase):
    def test_freezing_point(self):
        self.assertEqual(celsius_to_fahrenheit(0), 32)

    def test_boiling_point(self):
        self.assertEqual(celsius_to_fahrenheit(100), 212)

    def test_freezing_point_back(self):
        self.assertEqual(fahrenheit_to_celsius(32), 0)

    def test_body(self):
        self.assertEqual(round(fahrenheit_to_celsius(98.6), 1), 37.0)

    def test_describe(self):
        self.assertEqual(describe(0), "freezing")
        self.assertEqual(describe(14), "cold")
        self.assertEqual(describe(15), "nice")
        self.assertEqual(describe(30), "hot")
