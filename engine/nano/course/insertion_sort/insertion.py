def insertion_sort(values):
    """Sort the list values in place and return it."""
    for i in range(1, len(values)):
        current = values[i]
        j = i - 1
        # move bigger values one place to the right
        while j > 0 and values[j] > current:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = current
    return values
