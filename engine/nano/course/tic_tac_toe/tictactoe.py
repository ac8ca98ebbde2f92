"""Tic-tac-toe. A board is a list of three rows; an empty place is " "."""


def winner(board):
    """Return "X" or "O" if one of them has three in a line, else None."""
    for i in range(3):
        # row i, then column i
        if board[i][0] == board[i][1] == board[i][2] != " ":
            return board[i][0]
        if board[0][i] == board[1][i] == board[2][i] != " ":
            return board[0][i]
    if board[0][0] == board[1][1] == board[2][2] != " ":
        return board[0][0]
    if board[0][2] == board[1][1] == board[2][2] != " ":
        return board[0][2]
    return None


def is_full(board):
    """Check if no place is left."""
    for row in board:
        if " " in row:
            return False
    return True
