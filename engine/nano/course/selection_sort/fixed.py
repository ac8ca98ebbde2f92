"""Sorting by selection."""


def index_of_smallest(items, start):
    """Return the index of the smallest item at start or behind it."""
    smallest = start
    for i in range(start + 1, len(items)):
        if items[i] < items[smallest]:
            smallest = i
    return smallest


def selection_sort(items):
    """Sort items in place."""
    for start in range(len(items)):
        smallest = index_of_smallest(items, start)
        items[start], items[smallest] = items[smallest], items[start]
    return items
