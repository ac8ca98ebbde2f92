import math

FREE_MINUTES = 15
PRICE_PER_HOUR = 3
PRICE_PER_DAY = 20


def parking_fee(minutes):
    """Return the price for some minutes.

    Every started hour is paid for, up to the price of a day.
    """
    if minutes <= FREE_MINUTES:
        return 0
    hours = math.ceil(minutes / 60)
    return min(hours * PRICE_PER_HOUR, PRICE_PER_DAY)


def receipt(plate, minutes):
    """Return the text for the driver."""
    fee = parking_fee(minutes)
    if fee == 0:
        return f"{plate}: free"
    return f"{plate}: {fee} euros"
