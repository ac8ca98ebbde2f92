"""How often do words occur in a text?"""

import string


def words_of(text):
    """Return the words of text in lower case, without punctuation."""
    words = []
    for word in text.lower().split():
        word = word.strip(string.punctuation)
        if word:
            words.append(word)
    return words


def frequencies(text):
    """Return a dictionary from words to how often they occur."""
    return dict(Counter(words_of(text)))


def most_common(text, n=1):
    """Return the n most common words; equal ones in alphabetical order."""
    counts = frequencies(text)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return ordered[:n]
