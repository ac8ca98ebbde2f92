class Matrix:
    """A small dense matrix; rows are lists of numbers."""

    def __init__(self, rows):
        self.rows = [list(row) for row in rows]
        if len({len(row) for row in self.rows}) != 1:
            raise ValueError("rows differ in length")

    @classmethod
    def zeros(cls, height, width):
        return cls([[0] * width for _ in range(height)])

    @classmethod
    def identity(cls, size):
        result = cls.zeros(size, size)
        for i in range(size):
            result.rows[i][i] = 1
        return result

    @property
    def shape(self):
        return len(self.rows), len(self.rows[0])

    def __eq__(self, other):
        return isinstance(other, Matrix) and self.rows == other.rows

    def __repr__(self):
        return f"Matrix({self.rows})"

    def transpose(self):
        return Matrix(zip(*self.rows))

    def __matmul__(self, other):
        height, inner = self.shape
        other_height, width = other.shape
        if inner != other_height:
            raise ValueError(f"cannot multiply {self.shape} by {other.shape}")
        result = Matrix.zeros(height, width)
        for i in range(height):
            for j in range(width):
                result.rows[i][j] = sum(self.rows[i][k] * other.rows[j][k] for k in range(inner))
        return result
