import unittest

from rectangle import Rectangle


class TestRectangle(unittest.TestCase):
    def setUp(self):
        self.rectangle = Rectangle(4, 3)

    def test_area(self):
        self.assertEqual(self.rectangle.area(), 12)

    def test_perimeter(self):
        self.assertEqual(self.rectangle.perimeter(), 14)

    def test_square(self):
        self.assertFalse(self.rectangle.is_square())
        self.assertTrue(Rectangle(5, 5).is_square())

    def test_scale(self):
        self.rectangle.scale(2)
        self.assertEqual((self.rectangle.width, self.rectangle.height), (8, 6))

    def test_fits_into(self):
        self.assertTrue(self.rectangle.fits_into(Rectangle(4, 5)))
        self.assertFalse(self.rectangle.fits_into(Rectangle(9, 2)))


if __name__ == "__main__":
    unittest.main()
