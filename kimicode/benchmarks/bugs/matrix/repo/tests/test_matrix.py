import pytest

from linear import Matrix


def test_ragged_rows():
    with pytest.raises(ValueError, match="length"):
        Matrix([[1, 2], [3]])


def test_identity_changes_nothing():
    m = Matrix([[1, 2], [3, 4]])
    assert m @ Matrix.identity(2) == m


def test_square_product():
    assert Matrix([[1, 2], [3, 4]]) @ Matrix([[5, 6], [7, 8]]) == Matrix([[19, 22], [43, 50]])


def test_column_by_row():
    column = Matrix([[1], [2], [3]])
    row = Matrix([[4, 5]])
    assert column @ row == Matrix([[4, 5], [8, 10], [12, 15]])


def test_transpose():
    assert Matrix([[1, 2, 3]]).transpose() == Matrix([[1], [2], [3]])


def test_shapes_must_fit():
    with pytest.raises(ValueError, match="cannot multiply"):
        Matrix([[1, 2]]) @ Matrix([[1, 2]])
