"""Roman numerals from 1 to 3999, both ways."""

VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}

STEPS = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


def to_roman(number):
    if not 1 <= number <= 3999:
        raise ValueError(f"{number} has no Roman numeral")
    digits = []
    for value, letters in STEPS:
        count, number = divmod(number, value)
        digits.append(letters * count)
    return "".join(digits)


def from_roman(text):
    values = [VALUES[letter] for letter in text.upper()]
    total = 0
    for i, value in enumerate(values):
        if i + 1 < len(values) and value < values[i + 1]:
            total += value
        else:
            total += value
    if to_roman(total) != text.upper():
        raise ValueError(f"{text!r} is not a Roman numeral")
    return total
