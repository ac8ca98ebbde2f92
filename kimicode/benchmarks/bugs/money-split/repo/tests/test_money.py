import pytest

from money import Money


@pytest.mark.parametrize(("text", "cents"), [("3", 300), ("12.34", 1234), ("0.005", 1), ("-1.5", -150)])
def test_parse(text, cents):
    assert Money.parse(text).cents == cents


def test_printing():
    assert str(Money(1205)) == "12.05 EUR"
    assert str(Money(-99, "USD")) == "-0.99 USD"


def test_shares_add_up():
    shares = Money(1000).split(3)
    assert [share.cents for share in shares] == [334, 333, 333]


@pytest.mark.parametrize("cents", [0, 1, 99, 100, 12345])
def test_nothing_is_lost_in_a_split(cents):
    assert sum(share.cents for share in Money(cents).split(7)) == cents


def test_percent_rounds_half_up():
    assert Money(1050).percent(19) == Money(200)
    assert Money(50).percent(5) == Money(3)


def test_currencies_do_not_mix():
    with pytest.raises(ValueError, match="cannot add"):
        Money(1) + Money(1, "USD")
