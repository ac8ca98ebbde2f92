from dataclasses import dataclass

FREE_SHIPPING_FROM = 5000
SHIPPING = 490


@dataclass
class Line:
    name: str
    price: int  # cents
    quantity: int


class Cart:
    def __init__(self):
        self.lines = {}
        self.discounts = []

    def add(self, name, price, quantity=1):
        line = self.lines.setdefault(name, Line(name, price, 0))
        line.quantity += quantity

    def remove(self, name, quantity=1):
        """Without a quantity the whole line goes."""
        line = self.lines[name]
        if quantity is None or quantity >= line.quantity:
            del self.lines[name]
        else:
            line.quantity -= quantity

    def subtotal(self):
        return sum(line.price * line.quantity for line in self.lines.values())

    def total(self):
        goods = self.subtotal() - sum(discount(self) for discount in self.discounts)
        if goods >= FREE_SHIPPING_FROM or not self.lines:
            return goods
        return goods + SHIPPING
