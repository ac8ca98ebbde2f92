"""Lists inside lists."""


def flatten(items):
    """Return all items in one list, however deep they are nested."""
    result = []
    for item in items:
        if isinstance(item, list):
            result = result + flatten(item)
        else:
            result.append(item)
    return result


def nested_sum(items):
    """Return the sum of all numbers in a nested list."""
    total = 0
    for number in flatten(items):
        total += number
    return total
