def second_largest(numbers):
    """Return the second largest number of at least two different ones."""
    largest = max(numbers[0], numbers[1])
    second = min(numbers[0], numbers[1])
    for number in numbers[2:]:
        if number > largest:
            second = largest
            largest = number
        elif number > second:
            second = number
    return second


def without_extremes(numbers):
    """Return a sorted copy without the smallest and the largest number."""
    return sorted(numbers)[1:-1]
