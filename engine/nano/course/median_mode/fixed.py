"""Median and mode."""


def median(numbers):
    """Return the number in the middle, or the mean of the two in the middle."""
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def mode(numbers):
    """Return the number that occurs most often, the first one of equals."""
    best = numbers[0]
    for number in numbers:
        if numbers.count(number) > numbers.count(best):
            best = number
    return best
