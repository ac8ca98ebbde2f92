"""Binary numbers without bin() and int(text, 2)."""


def to_binary(number):
    """Return a number >= 0 as a string of 0 and 1."""
    if number == 0:
        return "0"
    digits = ""
    while number > 0:
        digits = str(number % 2) + digits
        number = number // 2
    return digits


def from_binary(digits):
    """Return the number for a string of 0 and 1."""
    value = 0
    for digit in digits:
        value = value * 2 + int(digit)
    return value
