"""Keeps mined functions apart from what kimi-nano is judged by: held-out families, and the course's right modules."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from nano_training.programs import families
from nano_training.programs.clusters import SIMILAR, SIMILAR_FUNCTIONS, Shingles, shingles

COURSE = Path(__file__).parents[3] / "course"


def judged(folder: Path = families.FOLDER, course: Path = COURSE) -> tuple[str, ...]:
    """Codes that nothing trained on may resemble."""
    held = [family.code for family in families.load(folder) if families.is_held_out(family.name)]
    return (*held, *(path.read_text("utf-8") for path in sorted(course.glob("*/fixed.py"))))


def is_apart(source: str, codes: Sequence[str]) -> bool:
    """Whether a source, or a function of it, is nearly the same as none of the codes; annotations do not count."""
    whole, functions = known(tuple(codes))
    first, *others = shingles(ast.unparse(Bare().visit(ast.parse(source))))
    if whole.closest(first) >= SIMILAR:
        return False
    return all(functions.closest(each) < SIMILAR_FUNCTIONS for each in others)


class Shelf:
    """Sets of shingles, by each of their shingles: few have anything in common with a given one."""

    def __init__(self, sets: Iterable[Shingles]) -> None:
        self.sizes: list[int] = []
        self.places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, each in enumerate(sets):
            self.sizes.append(len(each))
            for one in each:
                self.places[one].append(number)

    def closest(self, given: Shingles) -> float:
        """The likeness of the set most like the given one: Jaccard's index."""
        common = Counter(number for one in given for number in self.places.get(one, ()))
        return max((count / (self.sizes[each] + len(given) - count) for each, count in common.items()), default=0.0)


@lru_cache(4)
def known(codes: tuple[str, ...]) -> tuple[Shelf, Shelf]:
    """Whole codes, and their longer functions."""
    every = [shingles(code) for code in codes]
    return Shelf(each[0] for each in every), Shelf(one for each in every for one in each[1:])


class Bare(ast.NodeTransformer):
    """Takes annotations away."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return ast.Assign([node.target], node.value, lineno=node.lineno) if node.value else node
