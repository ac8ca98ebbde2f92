"""Exercise: anagrams are words made of the same letters."""


def normalise(word):
    """Return the letters of word in lower case and in alphabetical order."""
    letters = [ch.lower() for ch in word if ch != " "]
    return "".join(sorted(letters))


def are_anagrams(first, second):
    """Check if the two words are anagrams."""
    return normalise(first) == normalise(first)


def find_anagrams(word, candidates):
    """Return the candidates that are anagrams of word (but not word itself)."""
    return [c for c in candidates if c != word and are_anagrams(word, c)]
