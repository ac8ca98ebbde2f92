def common(first, second):
    """Return the names that are in both lists, in the order of the first one."""
    result = []
    for name in first:
        if name in second and name not in result:
            result.append(name)
    return result


def only_in_first(first, second):
    """Return the names of the first list that are not in the second one."""
    result = []
    for name in first:
        if name not in second:
            result.append(name)
    return result


def have_common_friend(first, second):
    """Check if there is at least one name in both lists."""
    return len(common(first, second)) > 0
