"""Two ways to find something in a list."""


def linear_search(items, target):
    """Return the first index of target in items, or -1."""
    for i in range(len(items)):
        if items[i] == target:
            return i
    return -1


def binary_search(items, target):
    """Return the index of target in the sorted list items, or -1."""
    low = 0
    high = len(items) - 1
    while low <= high:
        middle = (low + high) // 2
        if items[middle] == target:
            return middle
        if items[middle] < target:
            low = middle + 1
        else:
            high = middle - 1
    return -1
