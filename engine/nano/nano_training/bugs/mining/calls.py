"""Calls of a function, or of a class's methods, that run and differ in what they give."""

import ast
import copy
import doctest
import random
import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from types import ModuleType

from nano_training.bugs.mining import harm, objects, shapes, usage, values
from nano_training.bugs.mining.closure import Program
from nano_training.bugs.mining.harvest import Harvest
from nano_training.programs.limits import TimeUp, bounded
from nano_training.programs.outcome import BUILT_IN, Outcome, UnfitError, namespace, outcome

SECONDS, SLOW = 0.8, 0.1
"""For all calls of one program, and for one call."""
CHOICES, DRAWS, VAIN = 24, 7, 7
"""Choices of kinds, calls for each, and choices in a row that give nothing more, after which no others are made."""
ENOUGH, DIFFERENT, MOST, MANY = 4, 2, 7, 9
"""Calls at least, results at least, calls at most of a function, and of a class."""
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
    zlib.error,
    copy.Error,
    BufferError,
    ReferenceError,
)
"""What no test of ours should expect."""
UNWRITTEN = (" at 0x", "<function", "<class", "<module", "\\x00\\x00\\x00\\x00")
Results = dict[str, Outcome]


def calls(program: Program, harvest: Harvest, rng: random.Random) -> tuple[str, ...]:
    """At least ENOUGH calls whose results tell right from wrong, or none at all."""
    try:
        names = started(program.source)
        search = Search(program, names, drawer(program, names, harvest, rng))
        found = search.results(examples(program)) | search.found()
        return tuple(chosen(found, MANY if isinstance(program.node, ast.ClassDef) else MOST, rng))
    except (*BUILT_IN, *STRANGE, UnfitError):
        return ()


def started(source: str) -> dict[str, object]:
    """A module's names, where it does not take long to run. Raises UnfitError, or whatever it raises."""
    names: dict[str, object] | None = None
    with bounded(SECONDS):
        names = namespace(source)
    if names is None:
        raise UnfitError("too slow")
    if any(isinstance(each, type) and issubclass(each, BaseException) for each in names.values()):
        raise UnfitError("exceptions of its own")
    return names


def drawer(
    program: Program, names: dict[str, object], harvest: Harvest, rng: random.Random
) -> Callable[[], Callable[[], str]]:
    """Gives a choice of kinds when it is called, which gives a call when that is called."""
    known = {"datetime." if isinstance(value, ModuleType) else name for name, value in names.items()}
    world = values.Values(frozenset(known), usage.pieces(ast.parse(program.source)), harvest)
    node = program.node
    if isinstance(node, ast.ClassDef):
        return objects.drawer(node, world, rng)

    def choice() -> Callable[[], str]:
        given = world.given(node, program.name, rng)
        return lambda: values.call(program.name, given, rng)

    return choice


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
    return "\n" not in text and isinstance(tree.body[0], ast.Expr) and harm.harmless(tree.body[0])


@dataclass(slots=True)
class Search:
    """Looks for calls of one program."""

    program: Program
    names: dict[str, object]
    choice: Callable[[], Callable[[], str]]

    def found(self) -> Results:
        """Results for the choice of kinds under which most calls differ."""
        best: Results = {}
        until = monotonic() + SECONDS
        whole = isinstance(self.program.node, ast.ClassDef)
        vain = 0
        for _ in range(CHOICES):
            draw = self.choice()
            found = self.results([draw() for _ in range(DRAWS)])
            before = worth(best)
            best = best | found if whole or likeness(best, found) else max(best, found, key=worth)
            vain = vain + 1 if worth(best) == before else 0
            if monotonic() > until or worth(best) > MOST or vain == VAIN:
                break
        return best

    def results(self, texts: list[str]) -> Results:
        """What calls give, those alone that a test can say in a line."""
        found = {}
        for number, text in enumerate(texts):
            try:
                full, first = self.result(text)
            except UnfitError:
                continue
            said = first.value or ""
            fits = len(said) <= LONG and not any(each in said for each in UNWRITTEN)
            fits = fits and not (said == "None" and isinstance(self.program.node, ast.ClassDef))
            if fits and (first.value is not None or first.error in ERRORS):
                found[full] = first
            elif first.error and number == 2 and not found:
                break
        return found

    def result(self, text: str) -> tuple[str, Outcome]:
        """A call as a test would write it, and what it gives. Raises UnfitError, also where it takes too long."""
        made: tuple[str, Outcome] | None = None
        try:
            with bounded(SLOW):
                try:
                    made = text, outcome(self.names, text)
                except UnfitError:
                    full = shapes.shaped(text, self.names)
                    made = full, outcome(self.names, full)
        except (TimeUp, *STRANGE) as error:
            raise UnfitError(type(error).__name__) from error
        if made is None:
            raise UnfitError("too slow")
        return made


def likeness(one: Results, other: Results) -> bool:
    """Whether results are of one type, so that the calls belong together; None goes with all."""
    sides = [{type(ast.literal_eval(each.value)) for each in side.values() if each.value} for side in (one, other)]
    kinds = [side - {type(None)} for side in sides]
    return bool(kinds[0]) and bool(kinds[1]) and kinds[0] == kinds[1] and len(kinds[0]) == 1


def worth(found: Results) -> int:
    """How many different results there are."""
    return len({each.value for each in found.values() if each.value is not None})


def chosen(found: Results, most: int, rng: random.Random) -> list[str]:
    """Few calls with many results: one error at most, and of each result but few."""
    groups: defaultdict[Outcome, list[str]] = defaultdict(list)
    for text, result in found.items():
        groups[result].append(text)
    rights = [group for result, group in groups.items() if result.value is not None]
    if len([result for result in groups if result.value not in (None, "None")]) < DIFFERENT:
        return []
    picked = [min(group, key=len) for group in rights]
    rng.shuffle(picked)
    picked = picked[: most - 1]
    errors = [min(group, key=len) for result, group in groups.items() if result.error]
    picked += errors[:1]
    more = [[text for text in sorted(group, key=len) if text not in picked] for group in rights]
    wanted = most - 1 if len(rights) == DIFFERENT else ENOUGH
    while len(picked) < wanted and any(more):
        for group in more:
            if group and len(picked) < wanted:
                picked.append(group.pop(rng.randrange(min(4, len(group)))))
    return picked if len(picked) >= ENOUGH else []
