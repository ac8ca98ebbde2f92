def is_triangle(a, b, c):
    """Check if three lengths can be the sides of a triangle."""
    return a + b > c and a + c > b and b + c > a


def kind(a, b, c):
    """Name the kind of triangle with these sides."""
    if not is_triangle(a, b, c):
        return "impossible"
    if a == b == c:
        return "equilateral"
    if a == b or b == c or a == c:
        return "isosceles"
    return "scalene"


def is_right_angled(a, b, c):
    """Check with the theorem of Pythagoras. The sides are whole numbers."""
    x, y, z = sorted([a, b, c])
    return x ** 2 + y ** 2 == z ** 2
