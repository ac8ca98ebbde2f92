"""Statistics of dice."""


def count_rolls(rolls):
    """Return a list of how often 1, 2, ..., 6 was rolled."""
    counts = [0] * 6
    for roll in rolls:
        counts[roll] += 1
    return counts


def most_frequent(rolls):
    """Return the number that was rolled most often (the smallest one of equals)."""
    counts = count_rolls(rolls)
    return counts.index(max(counts)) + 1


def longest_streak(rolls):
    """Return the length of the longest row of equal rolls."""
    longest = 0
    current = 0
    previous = None
    for roll in rolls:
        if roll == previous:
            current += 1
        else:
            current = 1
        previous = roll
        longest = max(longest, current)
    return longest
