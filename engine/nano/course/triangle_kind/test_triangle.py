import unittest

from triangle import is_right_angled, is_triangle, kind


class TestTriangle(unittest.TestCase):
    def test_is_triangle(self):
        self.assertTrue(is_triangle(3, 4, 5))
        self.assertFalse(is_triangle(1, 2, 3))

    def test_impossible(self):
        self.assertEqual(kind(1, 1, 9), "impossible")

    def test_equilateral(self):
        self.assertEqual(kind(2, 2, 2), "equilateral")

    def test_isosceles(self):
        self.assertEqual(kind(5, 5, 3), "isosceles")
        self.assertEqual(kind(3, 5, 5), "isosceles")
        self.assertEqual(kind(5, 3, 5), "isosceles")

    def test_scalene(self):
        self.assertEqual(kind(4, 5, 6), "scalene")

    def test_right_angled(self):
        self.assertTrue(is_right_angled(5, 3, 4))
        self.assertFalse(is_right_angled(4, 5, 6))
