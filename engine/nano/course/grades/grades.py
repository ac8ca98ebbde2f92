"""Turn points into grades."""


def grade(points):
    """Return the letter for 0 to 100 points."""
    if points < 0 or points > 100:
        raise ValueError("points must be between 0 and 100")
    if points >= 90:
        return "A"
    elif points > 75:
        return "B"
    elif points >= 60:
        return "C"
    elif points >= 50:
        return "D"
    return "F"


def passed(points):
    """Check if the points are enough to pass."""
    return grade(points) != "F"
