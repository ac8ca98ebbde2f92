import pytest

from roman import from_roman, to_roman


@pytest.mark.parametrize(
    ("number", "text"), [(1, "I"), (3, "III"), (8, "VIII"), (30, "XXX"), (2000, "MM")]
)
def test_plain_numerals(number, text):
    assert to_roman(number) == text
    assert from_roman(text) == number


@pytest.mark.parametrize(("number", "text"), [(4, "IV"), (90, "XC"), (1994, "MCMXCIV")])
def test_subtractive_numerals(number, text):
    assert to_roman(number) == text
    assert from_roman(text) == number


def test_zero_has_none():
    with pytest.raises(ValueError, match="no Roman numeral"):
        to_roman(0)


def test_there_and_back():
    assert all(from_roman(to_roman(n)) == n for n in range(1, 4000))
