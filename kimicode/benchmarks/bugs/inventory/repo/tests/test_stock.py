import pytest

from inventory.errors import OutOfStock, UnknownItem
from inventory.stock import Warehouse


@pytest.fixture
def house():
    house = Warehouse()
    house.add("B-7", "bolt", 10)
    house.add("N-7", "nut", 3)
    return house


def test_reserved_goods_are_not_available(house):
    house.reserve("B-7", 4)
    assert house.get("B-7").available == 6


def test_more_than_there_is(house):
    with pytest.raises(OutOfStock, match="5 wanted, 3 available"):
        house.reserve("N-7", 5)


def test_shipping_takes_only_what_is_reserved(house):
    house.reserve("B-7", 4)
    assert house.ship("B-7", 6) == 4
    assert house.get("B-7").quantity == 6
    assert house.get("B-7").reserved == 0


def test_moving_between_houses(house):
    other = Warehouse()
    house.move(other, "B-7", 2)
    assert house.get("B-7").quantity == 8
    assert other.get("B-7").quantity == 2
    assert other.get("B-7").name == "bolt"


def test_low_stock(house):
    assert house.low() == ["N-7"]


def test_unknown(house):
    with pytest.raises(UnknownItem):
        house.get("X")
