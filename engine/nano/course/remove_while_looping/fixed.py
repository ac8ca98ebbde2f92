"""Clean up lists of measurements."""


def remove_negatives(numbers):
    """Remove all negative numbers from the list, in place."""
    for n in numbers[:]:
        if n < 0:
            numbers.remove(n)


def remove_duplicates(numbers):
    """Return a new list where every number occurs once, in the old order."""
    result = []
    for n in numbers:
        if n not in result:
            result.append(n)
    return result
