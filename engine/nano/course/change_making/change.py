COINS = [200, 100, 50, 20, 10, 5, 2, 1]


def make_change(amount):
    """Return a dictionary from coins to how many of them make up amount (in cents)."""
    result = {}
    for coin in COINS:
        count = amount // coin
        if count > 0:
            result[coin] = count
            amount = amount // coin
    return result


def number_of_coins(amount):
    """Return how many coins are handed out for amount."""
    return sum(make_change(amount).values())


def change_for(price, paid):
    """Return the change for what was paid, or None if it is too little."""
    if paid < price:
        return None
    return make_change(paid - price)
