"""Amounts in whole cents, so that nothing is lost to floats."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class Money:
    cents: int
    currency: str = "EUR"

    @classmethod
    def parse(cls, text, currency="EUR"):
        amount = Decimal(text).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        return cls(int(amount * 100), currency)

    def __add__(self, other):
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.cents + other.cents, self.currency)

    def __str__(self):
        sign = "-" if self.cents < 0 else ""
        units, cents = divmod(abs(self.cents), 100)
        return f"{sign}{units}.{cents:02d} {self.currency}"

    def split(self, parts):
        """Shares that add up to the whole; the first ones get the odd cents."""
        share, odd = divmod(self.cents, parts)
        return [Money(share + (i < odd), self.currency) for i in range(parts)]

    def percent(self, rate):
        """`rate` percent of the amount, rounded half up."""
        exact = Decimal(self.cents) * Decimal(str(rate)) // 100
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.currency)
