"""The cipher of Julius Caesar."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def shift_letter(letter, key):
    """Return the letter that stands key places further in the alphabet."""
    position = ALPHABET.index(letter)
    return ALPHABET[position + key]


def encrypt(text, key):
    """Encrypt the lower-case letters of text; the rest stays as it is."""
    result = ""
    for ch in text:
        if ch in ALPHABET:
            result += shift_letter(ch, key)
        else:
            result += ch
    return result


def decrypt(text, key):
    """Turn an encrypted text back."""
    return encrypt(text, -key)
