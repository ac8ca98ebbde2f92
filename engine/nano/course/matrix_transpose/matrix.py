"""Matrices as lists of rows."""


def transpose(matrix):
    """Return the matrix with rows and columns exchanged."""
    rows = len(matrix)
    columns = len(matrix[0])
    result = []
    for j in range(columns):
        row = []
        for i in range(rows):
            row.append(matrix[j][i])
        result.append(row)
    return result


def add(a, b):
    """Return the sum of two matrices of the same size."""
    return [[x + y for x, y in zip(row_a, row_b)] for row_a, row_b in zip(a, b)]
