import unittest

from fib import fibonacci, is_fibonacci


class FibonacciTest(unittest.TestCase):
    def test_none(self):
        self.assertEqual(fibonacci(0), [])

    def test_first_two(self):
        self.assertEqual(fibonacci(2), [0, 1])

    def test_first_ten(self):
        self.assertEqual(fibonacci(10), [0, 1, 1, 2, 3, 5, 8, 13, 21, 34])

    def test_is_fibonacci(self):
        self.assertTrue(is_fibonacci(144))

    def test_is_not_fibonacci(self):
        self.assertFalse(is_fibonacci(100))
