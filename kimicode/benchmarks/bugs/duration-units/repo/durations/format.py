"""The way back: seconds to the two largest units."""

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def humanize(seconds):
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    left = round(seconds)
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])
