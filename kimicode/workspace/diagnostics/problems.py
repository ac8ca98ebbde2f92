"""What a checker found, and what of it is worth telling after an edit: what is new, and what stands near the change."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kimicode.workspace.encoding import showable
from kimicode.workspace.output import clean

NEAR = 2
"""Lines around a change that count as touched by it."""
MOST_TOLD = 8
_LONGEST = 240
"""Characters of a line that is told."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding, its line from 1. `path` is as the checker printed it, and absolute once it was found."""

    path: str
    line: int
    code: str
    message: str

    @property
    def gist(self) -> tuple[str, str, str]:
        """What stays the same when lines move; messages name lines, too."""
        return self.path, self.code, _NUMBER.sub("#", self.message)


def changed_lines(before: str | None, after: str) -> range:
    """The lines of `after`, from 1, that are not those of `before`; empty at the place where lines were taken out."""
    new = after.splitlines()
    old = [] if before is None else before.splitlines()
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    same = 0
    while same < min(len(old), len(new)) - first and old[-1 - same] == new[-1 - same]:
        same += 1
    return range(first + 1, len(new) - same + 1)


def worth_telling(
    found: Collection[Problem], known: Collection[Problem] | None, path: str, changed: range
) -> list[Problem]:
    """What is new beside `known`, then what stands near the change; with None known, the latter alone.

    Of several alike, those nearest to the change count as the new ones.
    """
    left = Counter(problem.gist for problem in known or ())

    def distance(problem: Problem) -> int:
        away = max(changed.start - problem.line, problem.line - changed.stop + 1, 0)
        return away if problem.path == path else 1_000_000

    new, near = [], []
    for problem in sorted(set(found), key=distance, reverse=True):
        old = known is None or left[problem.gist] > 0
        left[problem.gist] -= 1
        if not old:
            new.append(problem)
        elif distance(problem) <= NEAR:
            near.append(problem)
    return [*_in_order(new, path), *_in_order(near, path)]


def listed(heading: str, lines: Sequence[str]) -> list[str]:
    """At most MOST_TOLD lines under a heading, and how many are left out; nothing for nothing."""
    more = len(lines) - MOST_TOLD
    rest = [f"... and {more} more"] if more > 0 else []
    return [f"{heading} (what is new, or near the change):", *lines[:MOST_TOLD], *rest] if lines else []


def as_line(problem: Problem, name: str, root: str) -> str:
    """One line, the path relative to `root` where it lies there; `name` stands in for a missing code."""
    path = showable(problem.path.removeprefix(f"{root}/"))
    text = " ".join(clean(f"{path}:{problem.line}: {problem.code or name} {problem.message}").split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _in_order(problems: Collection[Problem], path: str) -> list[Problem]:
    return sorted(problems, key=lambda one: (one.path != path, one.path, one.line, one.code, one.message))
