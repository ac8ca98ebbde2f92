"""Prime numbers."""

import math


def is_prime(n):
    """Check if n is a prime number."""
    if n < 2:
        return False
    # a divisor above the square root has a partner below it
    for divisor in range(2, math.isqrt(n)):
        if n % divisor == 0:
            return False
    return True


def primes_up_to(limit):
    """Return all primes from 2 to limit."""
    return [n for n in range(2, limit + 1) if is_prime(n)]


def prime_factors(n):
    """Return the prime factors of n in ascending order."""
    factors = []
    divisor = 2
    while n > 1:
        while n % divisor == 0:
            factors.append(divisor)
            n = n // divisor
        divisor += 1
    return factors
