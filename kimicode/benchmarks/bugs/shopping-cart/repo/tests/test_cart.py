import pytest

from shop import Cart, percent_off, three_for_two


@pytest.fixture
def cart():
    cart = Cart()
    cart.add("tea", 450, 2)
    cart.add("cup", 1200)
    return cart


def test_subtotal(cart):
    assert cart.subtotal() == 2100


def test_adding_again_adds_up(cart):
    cart.add("tea", 450)
    assert cart.lines["tea"].quantity == 3


def test_removing_some_or_all(cart):
    cart.remove("tea", 1)
    assert cart.lines["tea"].quantity == 1
    cart.remove("tea")
    assert "tea" not in cart.lines


def test_removing_a_whole_line_of_several(cart):
    cart.remove("tea")
    assert list(cart.lines) == ["cup"]


def test_small_orders_pay_shipping(cart):
    assert cart.total() == 2590


def test_large_orders_do_not(cart):
    cart.add("pot", 2900)
    assert cart.total() == 5000


def test_an_empty_cart_costs_nothing():
    assert Cart().total() == 0


def test_percent_off(cart):
    cart.discounts.append(percent_off(10))
    assert cart.total() == 1890 + 490


def test_three_for_two(cart):
    cart.add("tea", 450, 2)
    cart.discounts.append(three_for_two("tea"))
    assert cart.total() == 450 * 3 + 1200 + 490
