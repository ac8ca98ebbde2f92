"""Ranges of days, both ends included."""

from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class DateRange:
    start: date
    end: date

    def __post_init__(self):
        if self.end < self.start:
            raise ValueError("a range cannot end before it starts")

    def __len__(self):
        return (self.end - self.start).days

    def __contains__(self, day):
        return self.start <= day <= self.end

    def __iter__(self):
        day = self.start
        while day <= self.end:
            yield day
            day += DAY

    def overlaps(self, other):
        return self.start <= other.end and other.start <= self.end

    def intersection(self, other):
        if not self.overlaps(other):
            return None
        return DateRange(max(self.start, other.start), min(self.end, other.end))


def workdays(days):
    return [day for day in days if day.weekday() < 5]


def merge(ranges):
    """Joins ranges that overlap or touch."""
    merged = []
    for current in sorted(ranges):
        if merged and current.start <= merged[-1].end + DAY:
            last = merged.pop()
            current = DateRange(last.start, max(last.end, current.end))
        merged.append(current)
    return merged
