"""All single edits that make plausible mistakes in a source, or take them back."""

import ast
import random
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from nano_training.bugs.operators import calls, flow, lines, names, symbols, values
from nano_training.bugs.view import Change, View
from nano_training.project import Edit

OPERATORS: tuple[Callable[[View], Iterator[Change]], ...] = (
    symbols.comparisons,
    symbols.arithmetic,
    symbols.conjunctions,
    symbols.negations,
    symbols.filters,
    symbols.branches,
    symbols.assignments,
    values.constants,
    values.off_by_one,
    values.steps,
    values.ranges,
    values.slices,
    values.defaults,
    names.variables,
    names.attributes,
    names.methods,
    names.builtins,
    names.exceptions,
    calls.swapped_arguments,
    calls.swapped_operands,
    calls.orders,
    calls.arguments,
    calls.left_out,
    calls.yields,
    lines.deletions,
    lines.doublings,
    lines.exchanges,
    lines.indentations,
    lines.insertions,
    flow.returns,
    flow.jumps,
    flow.branches,
    flow.imports,
    flow.lacking_imports,
)


def edits(source: str, rng: random.Random) -> Iterator[Edit]:
    """Every single edit of every kind, in random order; each compiles and differs. Raises SyntaxError."""
    view = View(source)
    found = changes(view)
    rng.shuffle(found)
    return valid(view, found)


def likely(source: str, rng: random.Random) -> Iterator[Edit]:
    """The same edits with kinds balanced, as bugs are chosen. Raises SyntaxError."""
    view = View(source)
    return valid(view, balanced(changes(view), rng))


def changes(view: View) -> list[Change]:
    """What all operators propose, each text once."""
    found = {(change.start, change.end, change.text): change for each in OPERATORS for change in each(view)}
    return list(found.values())


WEIGHTS = {
    "bound": 4.0,
    "initial value": 4.0,
    "and/or": 4.0,
    "comparison": 3.0,
    "index": 3.0,
    "default": 3.0,
    "negation": 3.0,
    "division": 3.0,
    "swapped arguments": 3.0,
    "break/continue": 3.0,
    "elif": 3.0,
    "missing import": 3.0,
    "wrong variable": 2.5,
    "operator": 3.0,
    "off by one": 2.0,
    "indentation": 2.0,
    "missing return": 1.5,
    "wrong return": 1.5,
    "assignment": 1.5,
    "constant": 1.5,
    "method": 1.5,
    "missing line": 1.5,
    "missing call": 0.7,
    "function": 0.7,
    "increment": 0.7,
    "exception": 0.5,
    "missing self": 0.5,
    "doubled line": 0.5,
}
"""How often a kind is chosen where a source has room for it; 1 for those not named."""


def balanced(
    found: Sequence[Change], rng: random.Random, favour: Mapping[str, float] | None = None
) -> Iterator[Change]:
    """All changes in random order, but by kinds first: rare kinds come as soon as those with many places.

    `favour` multiplies the weights of kinds.
    """
    kinds: dict[str, list[Change]] = {}
    for change in found:
        kinds.setdefault(change.kind, []).append(change)
    while kinds:
        names = list(kinds)
        weights = [WEIGHTS.get(kind, 1.0) * (favour or {}).get(kind, 1.0) for kind in names]
        kind = rng.choices(names, weights)[0]
        changes = kinds[kind]
        at = rng.randrange(len(changes))
        changes[at], changes[-1] = changes[-1], changes[at]
        yield changes.pop()
        if not changes:
            del kinds[kind]


def valid(view: View, found: Iterable[Change]) -> Iterator[Edit]:
    """Those of the changes that still compile and mean something else, as edits of whole lines."""
    blocks: dict[tuple[int, int], str] = {}
    given: set[Edit] = set()
    for change in found:
        start, end = block(view, change)
        before = view.source[start:end]
        after = before[: change.start - start] + change.text + before[change.end - start :]
        if (start, end) not in blocks:
            blocks[start, end] = meaning(before)
        if (then := meaning(after)) and then != blocks[start, end]:
            made = replace(edit(view, change), kind="")
            if made not in given:
                given.add(made)
                yield replace(made, kind=change.kind)


def block(view: View, change: Change) -> tuple[int, int]:
    """Span of the top-level definition around a change, or of everything."""
    for node in view.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            start, end = view.span(node)
            if start < change.start and change.end <= end and change.start != end:
                return start, end
    return 0, len(view.source)


@lru_cache(64)
def meaning(source: str) -> str:
    """The syntax tree as text, "" where the source does not compile, or makes Python warn."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(source)
            compile(tree, "<edit>", "exec", dont_inherit=True)
    except (SyntaxError, Warning):
        return ""
    return ast.dump(tree)


def edit(view: View, change: Change) -> Edit:
    """A change as an edit of whole lines; where lines come or go, a neighbour that is not blank comes along."""
    after = (view.source[: change.start] + change.text + view.source[change.end :]).split("\n")
    before = view.lines
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]), shorter - head)
    while not any(line.strip() for line in before[head : len(before) - tail]) or not any(
        line.strip() for line in after[head : len(after) - tail]
    ):
        blank = tail and not before[len(before) - tail].strip()
        if tail and (not blank or not head):
            tail -= 1
        else:
            head -= 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    return Edit(change.kind, head + 1, "\n".join(old), "\n".join(new))
