import unittest

from student import Student, best_student


class TestStudent(unittest.TestCase):
    def test_str(self):
        self.assertEqual(str(Student("Nora")), "Nora (Hill School)")

    def test_average(self):
        nora = Student("Nora")
        nora.add_mark(8)
        nora.add_mark(9)
        self.assertEqual(nora.average(), 8.5)

    def test_no_marks(self):
        self.assertIsNone(Student("Omar").average())

    def test_impossible_mark(self):
        with self.assertRaises(ValueError):
            Student("Omar").add_mark(11)

    def test_best_student(self):
        nora = Student("Nora")
        omar = Student("Omar")
        nora.add_mark(6)
        omar.add_mark(9)
        self.assertEqual(best_student([nora, omar]).name, "Omar")
