import pytest

from calc.tokens import tokenize


def texts(source):
    return [(token.kind, token.text) for token in tokenize(source)]


def test_numbers_and_operators():
    assert texts("12+3.5") == [("number", "12"), ("operator", "+"), ("number", "3.5")]


def test_names():
    assert texts("rate2 * x") == [("name", "rate2"), ("operator", "*"), ("name", "x")]


def test_strings_come_without_their_quotes():
    assert texts('"ab c" "" x') == [("string", "ab c"), ("string", ""), ("name", "x")]


def test_positions():
    assert [token.position for token in tokenize("a  + 1")] == [0, 3, 5]


def test_an_open_string():
    with pytest.raises(SyntaxError, match="at 2"):
        texts('1 "abc')


def test_unknown_characters():
    with pytest.raises(SyntaxError, match="unexpected"):
        texts("1 # 2")
