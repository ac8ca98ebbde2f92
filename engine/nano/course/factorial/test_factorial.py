import unittest

from factorial import choose, factorial


class TestFactorial(unittest.TestCase):
    def test_zero(self):
        self.assertEqual(factorial(0), 1)

    def test_small_numbers(self):
        self.assertEqual(factorial(1), 1)
        self.assertEqual(factorial(5), 120)

    def test_negative(self):
        with self.assertRaises(ValueError):
            factorial(-1)

    def test_choose(self):
        self.assertEqual(choose(5, 2), 10)
        self.assertEqual(choose(4, 4), 1)

    def test_choose_too_many(self):
        self.assertEqual(choose(2, 3), 0)


if __name__ == "__main__":
    unittest.main()
