import unittest

from divisors import gcd, lcm, reduce_fraction


class DivisorsTest(unittest.TestCase):
    def test_gcd(self):
        self.assertEqual(gcd(48, 18), 6)

    def test_gcd_without_common_divisor(self):
        self.assertEqual(gcd(9, 28), 1)

    def test_lcm(self):
        self.assertEqual(lcm(4, 6), 12)

    def test_lcm_of_zero(self):
        self.assertEqual(lcm(0, 5), 0)

    def test_reduce_fraction(self):
        self.assertEqual(reduce_fraction(18, 24), (3, 4))
