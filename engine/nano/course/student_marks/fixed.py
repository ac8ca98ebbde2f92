class Student:
    """A student with marks from 1 to 10."""

    school = "Hill School"

    def __init__(self, name):
        self.name = name
        self.marks = []

    def add_mark(self, mark):
        if mark < 1 or mark > 10:
            raise ValueError("marks go from 1 to 10")
        self.marks.append(mark)

    def average(self):
        """Return the average mark, or None if there is no mark."""
        if not self.marks:
            return None
        return sum(self.marks) / len(self.marks)

    def __str__(self):
        return f"{self.name} ({self.school})"


def best_student(students):
    """Return the student with the best average. All of them have marks."""
    return max(students, key=lambda student: student.average())
