def bubble_sort(numbers):
    """Return a new list with the numbers in ascending order."""
    result = numbers[:]
    n = len(result)
    for i in range(n):
        for j in range(n - 1 - i):
            if result[j] > result[j + 1]:
                # wrong order: swap the neighbours
                result[j] = result[j + 1]
                result[j + 1] = result[j]
    return result


def is_sorted(numbers):
    """Check if the numbers are in ascending order."""
    for i in range(len(numbers) - 1):
        if numbers[i] > numbers[i + 1]:
            return False
    return True
