VOWELS = "aeiou"


def count_vowels(text):
    """Count the vowels in text, capital letters too."""
    count = 0
    for letter in text.lower():
        if letter in VOWELS:
            count += 1
    return count


def remove_vowels(text):
    """Return text without its vowels."""
    result = ""
    for letter in text:
        if letter.lower() not in VOWELS:
            result += letter
    return result
