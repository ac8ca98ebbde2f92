"""Is a password good enough?"""

MINIMUM_LENGTH = 8


def has_digit(password):
    """Check if there is at least one digit in password."""
    for ch in password:
        if ch.isdigit():
            return True
    return False


def has_upper_and_lower(password):
    """Check if password has both capital and small letters."""
    return password != password.lower() and password != password.upper()


def problems(password):
    """Return a list of what is wrong with password."""
    found = []
    if len(password) < MINIMUM_LENGTH:
        found.append("too short")
    if not has_digit(password):
        found.append("no digit")
    if not has_upper_and_lower(password):
        found.append("only one case")
    return found
