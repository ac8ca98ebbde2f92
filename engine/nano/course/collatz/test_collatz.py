import unittest

from collatz import next_number, sequence, steps


class TestCollatz(unittest.TestCase):
    def test_next_number(self):
        self.assertEqual(next_number(10), 5)
        self.assertEqual(next_number(5), 16)

    def test_sequence(self):
        self.assertEqual(sequence(6), [6, 3, 10, 5, 16, 8, 4, 2, 1])

    def test_sequence_of_one(self):
        self.assertEqual(sequence(1), [1])

    def test_no_steps(self):
        self.assertEqual(steps(1), 0)

    def test_steps(self):
        self.assertEqual(steps(6), 8)
        self.assertEqual(steps(16), 4)


if __name__ == "__main__":
    unittest.main()
