def digit_sum(number):
    """Return the sum of the digits of a number."""
    total = 0
    for digit in str(abs(number)):
        total += int(digit)
    return total


def digital_root(number):
    """Take the sum of digits again and again until one digit is left."""
    while number > 9:
        number = digit_sum(number)
    return number


def is_divisible_by_nine(number):
    """Check the digital root, as we learnt it at school."""
    return digital_root(number) in (0, 9)
