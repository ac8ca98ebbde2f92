"""How a result is written down that no literal says: as a list, rounded, or as text."""

import datetime
from collections import deque
from collections.abc import Iterator, KeysView, Mapping, Set, ValuesView
from decimal import Decimal
from fractions import Fraction

from nano_training.programs.outcome import BUILT_IN, UnfitError, compiled
from nano_training.programs.splice import read

SAID = (Decimal, Fraction, datetime.date, datetime.time, datetime.timedelta)
LISTED = (Iterator, deque, KeysView, ValuesView, range)
MOST = 60
"""Values of a result at most."""


def shaped(text: str, names: dict[str, object]) -> str:
    """An example whose last expression can be written as a literal. Raises UnfitError."""
    statements, expression = compiled(text)
    scope = {**names}
    try:
        exec(statements, scope)
        shape = of(eval(expression, scope))
    except BUILT_IN as error:
        raise UnfitError("does not run twice") from error
    parsed = read(text)
    last = parsed.tree.body[-1]
    return parsed.spliced([parsed.replace(last, shape.format(parsed.text(last)))])


def of(value: object) -> str:
    """What is put around it. Raises UnfitError where nothing helps."""
    if isinstance(value, float):
        return "round({}, 4)"
    if isinstance(value, list | tuple) and 0 < len(value) < MOST:
        if any(type(one) is float for one in value) and all(type(one) in (int, float) for one in value):
            return "[round(one, 3) for one in {}]"
        if all(isinstance(one, SAID) for one in value):
            return "[str(one) for one in {}]"
        if type(value) is not tuple and isinstance(value, tuple):
            return "tuple({})"
    if isinstance(value, Set) and not isinstance(value, KeysView) and 0 < len(value) < MOST:
        return "sorted({})"
    if isinstance(value, Mapping):
        return "dict({})"
    if isinstance(value, LISTED):
        return "list({})"
    if isinstance(value, SAID) or (type(value).__module__ == "module" and is_told(type(value))):
        return "str({})"
    raise UnfitError(f"{type(value).__name__} has no shape")


def is_told(kind: type) -> bool:
    """Whether a class of the program says how its objects are written."""
    return any("__repr__" in vars(each) or "__str__" in vars(each) for each in kind.__mro__ if each is not object)
