"""Simple statistics for a list of marks."""


def average(numbers):
    """Return the mean of numbers, or 0 if there are none."""
    if len(numbers) == 0:
        return 0
    total = 0
    for number in numbers:
        total = total + number
    return total // len(numbers)


def above_average(numbers):
    """Return the numbers which are greater than the mean."""
    mean = average(numbers)
    result = []
    for number in numbers:
        if number > mean:
            result.append(number)
    return result
