import unittest

from roman import int_to_roman, roman_to_int


class TestRoman(unittest.TestCase):
    def test_single_letters(self):
        self.assertEqual(roman_to_int("V"), 5)
        self.assertEqual(roman_to_int("M"), 1000)

    def test_equal_letters(self):
        self.assertEqual(roman_to_int("III"), 3)
        self.assertEqual(roman_to_int("CC"), 200)

    def test_subtraction(self):
        self.assertEqual(roman_to_int("IV"), 4)
        self.assertEqual(roman_to_int("CM"), 900)

    def test_long(self):
        self.assertEqual(roman_to_int("MCMXCIV"), 1994)

    def test_int_to_roman(self):
        self.assertEqual(int_to_roman(2024), "MMXXIV")
        self.assertEqual(int_to_roman(9), "IX")


if __name__ == "__main__":
    unittest.main()
