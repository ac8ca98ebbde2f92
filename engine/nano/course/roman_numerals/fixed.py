VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman_to_int(numeral):
    """Convert a Roman numeral to a number."""
    total = 0
    for i in range(len(numeral)):
        value = VALUES[numeral[i]]
        # a smaller letter before a bigger one is subtracted
        if i + 1 < len(numeral) and value < VALUES[numeral[i + 1]]:
            total -= value
        else:
            total += value
    return total


def int_to_roman(number):
    """Convert a number from 1 to 3999 to a Roman numeral."""
    steps = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
             (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    result = ""
    for value, letters in steps:
        while number >= value:
            result += letters
            number -= value
    return result
