"""What a shop has in stock."""


class Inventory:
    def __init__(self):
        self.stock = {}

    def add(self, article, pieces):
        """Put more pieces of an article on the shelf. It may be a new one."""
        self.stock[article] = self.stock.get(article, 0) + pieces

    def sell(self, article, pieces):
        """Take pieces off the shelf. Raises ValueError if there are too few."""
        if self.stock.get(article, 0) < pieces:
            raise ValueError("not enough " + article)
        self.stock[article] -= pieces

    def running_low(self, limit=5):
        """Return the articles with fewer pieces than the limit, sorted."""
        return sorted(article for article in self.stock if self.stock[article] < limit)
