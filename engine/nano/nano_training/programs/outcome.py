"""What an example gives on a program: a value, or an error that it raises. Only what a test can say counts."""

import ast
import csv
import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

PLAIN = (bool, int, float, complex, str, bytes, type(None))
BUILT_IN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    ReferenceError,
    RuntimeError,
    StopAsyncIteration,
    StopIteration,
    SyntaxError,
    TypeError,
    ValueError,
    csv.Error,
    re.error,
    struct.error,
)
"""What a program without exceptions of its own can raise."""
ACCIDENTS = (MemoryError, NameError, RecursionError, SyntaxError)
"""What no right program is expected to raise."""
ROUND = 10
"""Characters of a float that is written without noise."""


class UnfitError(ValueError):
    """No test can say what came out: it cannot be written down, or would not be the same elsewhere."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either a value, as Python would write it, or the name of a built-in exception."""

    value: str | None = None
    error: str | None = None


def namespace(source: str) -> dict[str, object]:
    """What a module holds once it has run. Raises whatever it raises."""
    names: dict[str, object] = {"__name__": "module"}
    exec(compile(source, "<module>", "exec"), names)
    return names


@lru_cache(4096)
def compiled(text: str) -> tuple[CodeType, CodeType]:
    """The statements of an example, and the expression in which it ends."""
    *statements, last = ast.parse(text).body
    assert isinstance(last, ast.Expr)
    body = compile(ast.Module(statements, []), "<example>", "exec")
    return body, compile(ast.Expression(last.value), "<example>", "eval")


def outcome(names: dict[str, object], text: str) -> Outcome:
    """What the example gives in a module's namespace, which it does not change. Raises UnfitError."""
    statements, expression = compiled(text)
    scope = {**names}
    try:
        exec(statements, scope)
        value = eval(expression, scope)
    except ACCIDENTS:
        raise
    except BUILT_IN as error:
        if type(error).__module__ != "builtins":
            raise UnfitError(f"{type(error).__name__} is no built-in exception") from error
        return Outcome(error=type(error).__name__)
    return written(value)


def written(value: object) -> Outcome:
    """The value as a literal. Raises UnfitError where there is none that says it."""
    check(value)
    return Outcome(value=repr(value))


def check(value: object) -> None:
    """Raises UnfitError for what no literal says, or not the same one everywhere."""
    if type(value) in (list, tuple):
        for one in value:  # type: ignore[attr-defined]
            check(one)
    elif type(value) is dict:
        for key, one in value.items():
            check(key)
            check(one)
    elif type(value) in (set, frozenset):
        check_set(value)
    elif type(value) is float:
        if value != value or value in (float("inf"), -float("inf")):
            raise UnfitError(f"{value} has no literal")
        if len(repr(value)) > ROUND:
            raise UnfitError(f"{value!r} is a long float: round it in the code or in the example")
    elif type(value) not in PLAIN:
        raise UnfitError(f"{type(value).__name__} is no literal: turn it into a list, tuple, dict, str or number")


def check_set(value: object) -> None:
    assert isinstance(value, set | frozenset)
    if type(value) is frozenset or not value:
        raise UnfitError(f"{value!r} has no literal: return sorted(...)")
    if len(value) > 1 and not all(type(one) is int for one in value):
        raise UnfitError("the order of a set is not the same in every process: return sorted(...)")
