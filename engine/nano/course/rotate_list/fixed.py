"""Rotate a list."""


def rotate_left(items, k):
    """Return the list with its first k items moved to the end."""
    if not items:
        return []
    k = k % len(items)
    return items[k:] + items[:k]


def rotate_right(items, k):
    """Return the list with its last k items moved to the front."""
    return rotate_left(items, -k)


def is_rotation(first, second):
    """Check if second is some rotation of first."""
    if len(first) != len(second):
        return False
    if not first:
        return True
    for k in range(len(first)):
        if rotate_left(first, k) == second:
            return True
    return False
