from shop.cart import Cart
from shop.discounts import percent_off, three_for_two

__all__ = ["Cart", "percent_off", "three_for_two"]
