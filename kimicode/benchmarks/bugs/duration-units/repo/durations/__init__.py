from durations.format import humanize
from durations.parse import DurationError, parse

__all__ = ["DurationError", "humanize", "parse"]
