"""Calls of a function that run, differ in what they give, and go through most of its lines."""

import ast
import doctest
import random
import re
import struct
from collections import defaultdict
from time import monotonic

from nano_training.bugs.mining import closure, values
from nano_training.bugs.mining.closure import Program
from nano_training.programs.limits import TimeUp, bounded
from nano_training.programs.outcome import BUILT_IN, Outcome, UnfitError, namespace, outcome

SECONDS, SLOW = 1.0, 0.1
"""For all calls of one function, and for one call."""
CHOICES, DRAWS = 24, 7
ENOUGH, DIFFERENT, MOST = 4, 3, 7
LONG = 84
ERRORS = frozenset({"ValueError", "IndexError", "KeyError", "ZeroDivisionError", "StopIteration"})
STRANGE = (
    NameError,
    SyntaxError,
    RecursionError,
    MemoryError,
    EOFError,
    ImportError,
    SystemExit,
    re.error,
    struct.error,
)
"""What no test of ours should expect."""
WRAPPED = ("{}", "list({})", "sorted({})")


def calls(program: Program, rng: random.Random) -> tuple[str, ...]:
    """At least ENOUGH calls whose results tell right from wrong, or none at all."""
    try:
        names = namespace(program.source)
        shown = results(names, [(text, "{}") for text in examples(program)])
        return tuple(chosen(shown | searched(program, names, rng), rng))
    except (*BUILT_IN, *STRANGE, UnfitError):
        return ()


def examples(program: Program) -> list[str]:
    """Calls that the docstring shows."""
    try:
        found = doctest.DocTestParser().get_examples(program.docstring)
    except ValueError:
        return []
    texts = [each.source.strip() for each in found if each.want and program.name in each.source]
    return [text for text in texts if is_expression(text) and len(text) <= LONG]


def is_expression(text: str) -> bool:
    """Whether a text is one harmless expression."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return "\n" not in text and isinstance(tree.body[0], ast.Expr) and closure.harmless(tree.body[0])


def searched(program: Program, names: dict[str, object], rng: random.Random) -> dict[str, Outcome]:
    """Results for the choice of kinds under which most calls differ."""
    best: dict[str, Outcome] = {}
    until = monotonic() + SECONDS
    for _ in range(CHOICES):
        kinds = values.given(program.node, rng)
        shape = shape_of(program, names, kinds, rng)
        if shape is not None:
            found = results(names, [(values.call(program.name, kinds, rng), shape) for _ in range(DRAWS)])
            best = best | found if likeness(best, found) else max(best, found, key=worth)
        if monotonic() > until or worth(best) > MOST:
            break
    return best


def likeness(one: dict[str, Outcome], other: dict[str, Outcome]) -> bool:
    """Whether results are of one type, so that the calls belong together."""
    kinds = [{type(ast.literal_eval(each.value)) for each in side.values() if each.value} for side in (one, other)]
    return bool(kinds[0]) and bool(kinds[1]) and kinds[0] == kinds[1] and len(kinds[0]) == 1


def shape_of(
    program: Program, names: dict[str, object], kinds: list[tuple[str, str]], rng: random.Random
) -> str | None:
    """How a result is written down: as it is, or as a list; None where calls of these kinds do not work."""
    text = values.call(program.name, kinds, rng)
    for shape in WRAPPED[:2]:
        try:
            found = result(names, shape.format(text))
        except UnfitError:
            continue
        return shape if not found.error or found.error in ERRORS else None
    return None


def result(names: dict[str, object], text: str) -> Outcome:
    """What one call gives. Raises UnfitError, also where it takes too long or goes wrong by accident."""
    found: Outcome | None = None
    try:
        with bounded(SLOW):
            found = outcome(names, text)
    except (TimeUp, *STRANGE) as error:
        raise UnfitError(type(error).__name__) from error
    if found is None:
        raise UnfitError("too slow")
    return found


def results(names: dict[str, object], texts: list[tuple[str, str]]) -> dict[str, Outcome]:
    """What calls give, those alone that a test can say in a line."""
    found = {}
    for text, shape in texts:
        full = shape.format(text)
        try:
            first = result(names, full)
        except UnfitError:
            continue
        fits = len(first.value or "") <= LONG and " at 0x" not in (first.value or "")
        if fits and (first.value is not None or first.error in ERRORS) and first.value != "None":
            found[full] = first
    return found


def worth(found: dict[str, Outcome]) -> int:
    """How many different results there are."""
    return len({each.value for each in found.values() if each.value is not None})


def chosen(found: dict[str, Outcome], rng: random.Random) -> list[str]:
    """Few calls with many results: each result at most twice, one error at most."""
    groups: defaultdict[Outcome, list[str]] = defaultdict(list)
    for text, result in found.items():
        groups[result].append(text)
    rights = [group for result, group in groups.items() if result.value is not None]
    if len(rights) < DIFFERENT:
        return []
    picked = [min(group, key=len) for group in rights]
    rng.shuffle(picked)
    picked = picked[: MOST - 1]
    errors = [min(group, key=len) for result, group in groups.items() if result.error]
    more = [text for group in rights for text in group if text not in picked]
    picked += errors[:1] + rng.sample(more, min(len(more), max(0, ENOUGH - len(picked) - len(errors[:1]))))
    return picked if len(picked) >= ENOUGH else []
