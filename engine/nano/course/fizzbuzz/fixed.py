"""The game FizzBuzz."""


def fizzbuzz(n):
    """Return what the player has to say for n."""
    if n % 15 == 0:
        return "FizzBuzz"
    if n % 3 == 0:
        return "Fizz"
    if n % 5 == 0:
        return "Buzz"
    return str(n)


def play(limit):
    """Return the whole game from 1 to limit as a list."""
    result = []
    for n in range(1, limit + 1):
        result.append(fizzbuzz(n))
    return result
