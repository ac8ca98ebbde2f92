"""Which of all possible edits become bugs, and which are tried in vain before the right fix."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from nano_training.bugs import mutate, why
from nano_training.bugs.view import Change, View
from nano_training.programs import trial
from nano_training.project import Bug, Edit, Project

TRIES = 12
"""Edits that are run before a project is given up."""
NEAR, AROUND = 0.45, 0.8
"""Shares of wrong fixes on the broken lines, and on these or elsewhere in their function."""
UNTRIED = frozenset({"missing import", "missing return", "missing self", "missing argument"})
"""Nobody takes something of these kinds away in the hope that it mends a program."""
SAME_KIND = 3.0
"""How much likelier a wrong fix is of the kind of the bug."""


def bug(project: Project, rng: random.Random) -> Bug | None:
    """A project with one mistake that at least one test notices, or None where none was found."""
    view, changes = looked(project.source)
    drawn = mutate.valid(view, mutate.balanced(changes, rng))
    for _, edit in zip(range(TRIES), drawn, strict=False):
        if fails(project, edit.apply(project.source)):
            return Bug(project, edit, why.sentence(edit, rng))
    return None


@lru_cache(4)
def looked(source: str) -> tuple[View, tuple[Change, ...]]:
    """A source and what could become of it, the same for all bugs of a project. Raises SyntaxError."""
    view = View(source)
    return view, tuple(mutate.changes(view))


def fails(project: Project, source: str) -> bool:
    """Whether a test fails with this source, and nothing hangs."""
    found = trial.run(trial.FOLDER, {project.path: source, project.test_path: project.tests})
    return not found.passed and bool(found.failed) and found.output != trial.TIMED_OUT


def wrong_fixes(bug: Bug, rng: random.Random, count: int) -> tuple[Edit, ...]:
    """Up to `count` edits of the broken source after which tests still fail: what one might try in vain."""
    if not count:
        return ()
    broken = bug.broken
    view = View(broken)
    chosen: list[Edit] = []
    for _, edit in zip(range(3 * count + 4), mutate.valid(view, likely(bug, view, rng)), strict=False):
        if fails(bug.project, edit.apply(broken)):
            chosen.append(edit)
            if len(chosen) == count:
                break
    return tuple(chosen)


def likely(bug: Bug, view: View, rng: random.Random) -> Iterator[Change]:
    """Changes of the broken source, those near the bug and of its kind more often first."""
    starts = [view.line_start(line) for line in range(1, len(view.lines) + 1)]
    first = bug.injection.line
    lines = range(first, first + bug.injection.new.count("\n") + 1)
    around = function_lines(view, first)
    pools: list[list[Change]] = [[], [], []]
    for change in mutate.changes(view):
        if change.kind in UNTRIED and len(change.text) < change.end - change.start:
            continue
        line = bisect_right(starts, change.start)
        pools[0 if line in lines else 1 if line in around else 2].append(change)
    orders = [mutate.balanced(pool, rng, {bug.injection.kind: SAME_KIND}) for pool in pools]
    while orders:
        draw = rng.random()
        order = orders[min(0 if draw < NEAR else 1 if draw < AROUND else 2, len(orders) - 1)]
        following = next(order, None)
        if following is None:
            orders.remove(order)
        else:
            yield following


def function_lines(view: View, line: int) -> Sequence[int]:
    """Lines of the top-level definition around a line."""
    for node in view.tree.body:
        end = node.end_lineno or node.lineno
        if node.lineno <= line <= end:
            return range(node.lineno, end + 1)
    return range(0)
