from calc.evaluate import evaluate


def test_precedence():
    assert evaluate("1 + 2 * 3") == 7
    assert evaluate("(1 + 2) * 3") == 9
    assert evaluate("8 - 4 - 2") == 2


def test_names():
    assert evaluate("x * x", {"x": 4}) == 16
