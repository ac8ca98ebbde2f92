# Exercise 4: no max() and no min() allowed!


def maximum(numbers):
    """Return the biggest number in a non-empty list."""
    biggest = 0
    for n in numbers:
        if n > biggest:
            biggest = n
    return biggest


def minimum(numbers):
    """Return the smallest number in a non-empty list."""
    smallest = numbers[0]
    for n in numbers:
        if n < smallest:
            smallest = n
    return smallest


def spread(numbers):
    """Return the distance between the biggest and the smallest number."""
    return maximum(numbers) - minimum(numbers)
