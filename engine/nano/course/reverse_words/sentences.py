"""Playing with sentences."""


def reverse_words(sentence):
    """Return the sentence with its words in opposite order."""
    words = sentence.split()
    return " ".join(sentence[::-1])


def reverse_letters(sentence):
    """Return the sentence with every word spelt backwards."""
    result = []
    for word in sentence.split():
        result.append(word[::-1])
    return " ".join(result)


def longest_word(sentence):
    """Return the longest word (the first one of equal length)."""
    longest = ""
    for word in sentence.split():
        if len(word) > len(longest):
            longest = word
    return longest
