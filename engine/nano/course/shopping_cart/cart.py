class ShoppingCart:
    """Things somebody wants to buy. Prices are in cents."""

    def __init__(self):
        self.items = []

    def add(self, name, price, quantity=1):
        """Put some pieces of an article into the cart."""
        self.items.append((name, price, quantity))

    def remove(self, name):
        """Take an article out again."""
        self.items = [item for item in self.items if item[0] != name]

    def count(self):
        """Return how many pieces are in the cart."""
        pieces = 0
        for name, price, quantity in self.items:
            pieces += quantity
        return pieces

    def total(self):
        """Return what everything costs together."""
        total = 0
        for name, price, quantity in self.items:
            total += price
        return total
