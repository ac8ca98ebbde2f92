"""Words and sentences that read the same backwards."""


def clean(text):
    """Return only the letters and digits of text, in lower case."""
    result = ""
    for ch in text:
        if ch.isalnum():
            result += ch.lower()
    return result


def is_palindrome(text):
    """Check if text is a palindrome. Spaces, punctuation and case are ignored."""
    cleaned = clean(text)
    return cleaned == cleaned[::-1]
