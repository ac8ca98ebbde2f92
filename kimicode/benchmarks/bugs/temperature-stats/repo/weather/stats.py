from dataclasses import dataclass

from weather.units import to_celsius


@dataclass(frozen=True)
class Summary:
    count: int
    low: float
    high: float
    mean: float
    deviation: float


def read_line(line):
    """"21.5 C" becomes 21.5; a dash stands for a missing reading."""
    text = line.strip()
    if text == "-":
        return None
    value, unit = text.split()
    return to_celsius(float(value), unit)


def readings(lines):
    values = (read_line(line) for line in lines if line.strip())
    return [value for value in values if value is not None]


def summarize(values):
    if not values:
        raise ValueError("no readings")
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return Summary(len(values), min(values), max(values), mean, math.sqrt(variance))


def moving_average(values, window):
    return [sum(values[i : i + window]) / window for i in range(len(values) - window + 1)]
