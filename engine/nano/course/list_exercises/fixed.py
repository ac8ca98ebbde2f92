"""Exercises with lists."""


def with_bonus(scores, bonus):
    """Return new scores, each with the bonus added. scores stays as it is."""
    result = scores.copy()
    for i in range(len(result)):
        result[i] += bonus
    return result


def every_second(items):
    """Return the first, third, fifth ... item."""
    result = []
    for i in range(0, len(items), 2):
        result.append(items[i])
    return result


def countdown(start):
    """Return the numbers from start down to 1."""
    numbers = []
    while start > 0:
        numbers.append(start)
        start -= 1
    return numbers
