"""Merge sort."""


def merge(left, right):
    """Merge two sorted lists into one."""
    result = []
    i = 0
    j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            result.append(left[i])
            i += 1
        else:
            result.append(right[j])
            j += 1
    # one of the lists is used up, take the rest
    result.extend(left[i:])
    return result


def merge_sort(items):
    """Return a sorted copy of items."""
    if len(items) <= 1:
        return items[:]
    middle = len(items) // 2
    return merge(merge_sort(items[:middle]), merge_sort(items[middle:]))
