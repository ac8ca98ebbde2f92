import unittest

from primes import is_prime, prime_factors, primes_up_to


class TestPrimes(unittest.TestCase):
    def test_small_numbers(self):
        self.assertFalse(is_prime(0))
        self.assertFalse(is_prime(1))
        self.assertTrue(is_prime(2))

    def test_primes(self):
        self.assertTrue(is_prime(13))
        self.assertTrue(is_prime(97))

    def test_even_number(self):
        self.assertFalse(is_prime(10))

    def test_square(self):
        self.assertFalse(is_prime(9))
        self.assertFalse(is_prime(49))

    def test_primes_up_to(self):
        self.assertEqual(primes_up_to(11), [2, 3, 5, 7, 11])

    def test_prime_factors(self):
        self.assertEqual(prime_factors(60), [2, 2, 3, 5])


if __name__ == "__main__":
    unittest.main()
