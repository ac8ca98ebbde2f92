"""Times of day and durations."""


def format_duration(seconds):
    """Return a duration as h:mm:ss."""
    hours = seconds // 3600
    minutes = seconds % 3600 // 60
    rest = seconds % 60
    return f"{hours}:{minutes:02}:{rest:02}"


def parse_duration(text):
    """Return the seconds of a duration written as h:mm:ss."""
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def add_minutes(hour, minute, more):
    """Return the time of day some minutes later as a tuple (hour, minute)."""
    total = hour * 60 + minute + more
    return total // 60 % 24, total % 60
