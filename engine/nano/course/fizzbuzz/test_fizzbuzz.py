import unittest

from fizzbuzz import fizzbuzz, play


class TestFizzBuzz(unittest.TestCase):
    def test_plain_numbers(self):
        self.assertEqual(fizzbuzz(1), "1")
        self.assertEqual(fizzbuzz(7), "7")

    def test_multiples_of_three(self):
        self.assertEqual(fizzbuzz(3), "Fizz")
        self.assertEqual(fizzbuzz(9), "Fizz")

    def test_multiples_of_five(self):
        self.assertEqual(fizzbuzz(5), "Buzz")
        self.assertEqual(fizzbuzz(20), "Buzz")

    def test_multiples_of_both(self):
        self.assertEqual(fizzbuzz(15), "FizzBuzz")
        self.assertEqual(fizzbuzz(45), "FizzBuzz")

    def test_play(self):
        self.assertEqual(play(5), ["1", "2", "Fizz", "4", "Buzz"])


if __name__ == "__main__":
    unittest.main()
