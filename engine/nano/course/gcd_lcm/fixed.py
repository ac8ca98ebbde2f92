def gcd(a, b):
    """Greatest common divisor, by Euclid's algorithm."""
    while b != 0:
        a, b = b, a % b
    return a


def lcm(a, b):
    """Least common multiple."""
    if a == 0 or b == 0:
        return 0
    return a * b // gcd(a, b)


def reduce_fraction(numerator, denominator):
    """Return the fraction in lowest terms as a tuple."""
    divisor = gcd(numerator, denominator)
    return numerator // divisor, denominator // divisor
