"""Recursion, exercise 1."""


def factorial(n):
    """Return n! for n >= 0."""
    if n < 0:
        raise ValueError("n must not be negative")
    if n == 0:
        return 1
    return n * factorial(n - 1)


def choose(n, k):
    """Return in how many ways k of n things can be chosen."""
    if k < 0 or k > n:
        return 0
    return factorial(n) // (factorial(k) * factorial(n - k))
