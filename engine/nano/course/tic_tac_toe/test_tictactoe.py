import unittest

from tictactoe import is_full, winner


class TestTicTacToe(unittest.TestCase):
    def test_nobody(self):
        self.assertIsNone(winner([[" ", " ", " "], [" ", "X", " "], [" ", " ", "O"]]))

    def test_row(self):
        self.assertEqual(winner([["X", "O", " "], ["O", "O", "O"], ["X", " ", "X"]]), "O")

    def test_column(self):
        self.assertEqual(winner([["O", " ", "X"], ["O", " ", "X"], [" ", "O", "X"]]), "X")

    def test_diagonal_down(self):
        self.assertEqual(winner([["X", "O", "O"], [" ", "X", " "], [" ", " ", "X"]]), "X")

    def test_diagonal_up(self):
        self.assertEqual(winner([["X", "X", "O"], [" ", "O", " "], ["O", " ", "X"]]), "O")

    def test_full(self):
        self.assertTrue(is_full([["X", "O", "X"], ["X", "O", "O"], ["O", "X", "X"]]))
        self.assertFalse(is_full([["X", "O", "X"], ["X", " ", "O"], ["O", "X", "X"]]))


if __name__ == "__main__":
    unittest.main()
