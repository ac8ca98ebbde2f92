import unittest

from grades import grade, passed


class TestGrades(unittest.TestCase):
    def test_best(self):
        self.assertEqual(grade(100), "A")
        self.assertEqual(grade(90), "A")

    def test_middle(self):
        self.assertEqual(grade(89), "B")
        self.assertEqual(grade(75), "B")
        self.assertEqual(grade(74), "C")

    def test_worst(self):
        self.assertEqual(grade(50), "D")
        self.assertEqual(grade(49), "F")
        self.assertEqual(grade(0), "F")

    def test_impossible(self):
        with self.assertRaises(ValueError):
            grade(101)
        with self.assertRaises(ValueError):
            grade(-1)

    def test_passed(self):
        self.assertTrue(passed(50))
        self.assertFalse(passed(30))


if __name__ == "__main__":
    unittest.main()
