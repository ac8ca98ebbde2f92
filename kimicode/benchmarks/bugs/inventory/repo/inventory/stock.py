from dataclasses import dataclass, field

from inventory.errors import OutOfStock, UnknownItem


@dataclass
class Item:
    sku: str
    name: str
    quantity: int = 0
    reserved: int = 0

    @property
    def available(self):
        return self.quantity - self.reserved


@dataclass
class Warehouse:
    items: dict = field(default_factory=dict)

    def add(self, sku, name, quantity):
        item = self.items.setdefault(sku, Item(sku, name))
        item.quantity += quantity
        return item

    def get(self, sku):
        try:
            return self.items[sku]
        except KeyError:
            raise UnknownItem(sku) from None

    def reserve(self, sku, quantity):
        item = self.get(sku)
        if item.available < quantity:
            raise OutOfStock(sku, wanted=quantity, available=item.available)
        item.reserved += quantity

    def ship(self, sku, quantity):
        """Reserved goods leave the house."""
        item = self.get(sku)
        shipped = min(quantity, item.reserved)
        item.reserved -= shipped
        item.quantity -= shipped
        return shipped

    def move(self, other, sku, quantity):
        item = self.get(sku)
        if item.available < quantity:
            raise OutOfStock(sku, wanted=quantity, available=item.available)
        item.quantity -= quantity
        self.add(sku, item.name, quantity)

    def low(self, threshold=5):
        return sorted(sku for sku, item in self.items.items() if item.available < threshold)
