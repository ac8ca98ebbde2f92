def zeros(rows, columns):
    """Return a matrix full of zeros."""
    return [[0] * columns for _ in range(rows)]


def identity(n):
    """Return the matrix with ones on the diagonal."""
    result = zeros(n, n)
    for i in range(n):
        result[i][i] = 1
    return result


def multiply(a, b):
    """Return the product of the matrices a and b."""
    result = zeros(len(a), len(b[0]))
    for i in range(len(a)):
        for j in range(len(b[0])):
            for k in range(len(b)):
                result[i][j] += a[i][k] * b[k][j]
    return result
