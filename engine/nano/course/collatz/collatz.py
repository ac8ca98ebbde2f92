"""The Collatz sequence: halve even numbers, make n to 3n + 1 otherwise."""


def next_number(n):
    """Return the number that follows n."""
    if n % 2 == 0:
        return n // 2
    return 3 * n + 1


def sequence(n):
    """Return all numbers from n down to 1."""
    numbers = [n]
    while n != 1:
        n = next_number(n)
        numbers.append(n)
    return numbers


def steps(n):
    """Return how many steps it takes from n to 1."""
    count = 1
    while n != 1:
        n = next_number(n)
        count += 1
    return count
