import unittest

from multiply import identity, multiply, zeros


class MultiplyTest(unittest.TestCase):
    def test_zeros(self):
        self.assertEqual(zeros(2, 3), [[0, 0, 0], [0, 0, 0]])

    def test_identity(self):
        self.assertEqual(identity(2), [[1, 0], [0, 1]])

    def test_one_row(self):
        self.assertEqual(multiply([[1, 2]], [[3], [4]]), [[11]])

    def test_square(self):
        self.assertEqual(multiply([[1, 2], [3, 4]], [[5, 6], [7, 8]]), [[19, 22], [43, 50]])

    def test_times_identity(self):
        self.assertEqual(multiply([[1, 2], [3, 4]], identity(2)), [[1, 2], [3, 4]])


if __name__ == "__main__":
    unittest.main()
