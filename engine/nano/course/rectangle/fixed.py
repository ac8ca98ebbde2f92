class Rectangle:
    """A rectangle with sides parallel to the axes."""

    def __init__(self, width, height):
        self.width = width
        self.height = height

    def area(self):
        return self.width * self.height

    def perimeter(self):
        return 2 * (self.width + self.height)

    def is_square(self):
        return self.width == self.height

    def scale(self, factor):
        """Make both sides longer by the factor."""
        self.width *= factor
        self.height *= factor

    def fits_into(self, other):
        """Check if this rectangle fits into the other one, without turning it."""
        return self.width <= other.width and self.height <= other.height
