def count_letters(text):
    """Return a dictionary from each letter to how often it occurs."""
    counts = {}
    for ch in text.lower():
        if not ch.isalpha():
            continue
        if ch in counts:
            counts[ch] = 1
        else:
            counts[ch] = 1
    return counts


def most_common_letter(text):
    """Return the letter that occurs most often, or None."""
    counts = count_letters(text)
    best = None
    for ch in counts:
        if best is None or counts[ch] > counts[best]:
            best = ch
    return best
