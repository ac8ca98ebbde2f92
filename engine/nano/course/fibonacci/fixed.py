def fibonacci(n):
    """Return the first n Fibonacci numbers, beginning with 0 and 1."""
    numbers = []
    a = 0
    b = 1
    for _ in range(n):
        numbers.append(a)
        a, b = b, a + b
    return numbers


def is_fibonacci(value):
    """Check if value is a Fibonacci number."""
    return value in fibonacci(30)
