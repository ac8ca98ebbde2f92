"""Families that are nearly the same, whatever their names: they must not stand on both sides of a split."""

import ast
import builtins
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from nano_training.programs.families import Family

LENGTH = 5
"""Words of a shingle."""
SIMILAR, SIMILAR_FUNCTIONS = 0.35, 0.5
"""Share of shingles in common, of all that two have, from which on two are near-duplicates."""
LEAST = 15
"""Shingles of a function that is compared by itself: shorter ones are alike by nature."""

Shingles = frozenset[tuple[str, ...]]


@lru_cache(4096)
def shingles(code: str) -> tuple[Shingles, ...]:
    """Runs of LENGTH words of the syntax: those of the whole code, then those of each of its longer functions."""
    tree = ast.parse(code)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return (of(tree), *(found for function in functions if len(found := of(function)) >= LEAST))


def of(node: ast.AST) -> Shingles:
    words = list(spoken(node))
    return frozenset(tuple(words[at : at + LENGTH]) for at in range(max(1, len(words) - LENGTH + 1)))


def spoken(node: ast.AST) -> Iterator[str]:
    """The syntax tree as words, from the outside in; names of its own are all the same, docstrings are not there."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Name):
        yield node.id if hasattr(builtins, node.id) else "name"
    elif isinstance(node, ast.Constant):
        yield repr(node.value)
    elif isinstance(node, ast.Attribute):
        yield f".{node.attr}" if not is_self(node.value) else "attribute"
    elif not isinstance(node, ast.expr_context):
        yield type(node).__name__
    for child in ast.iter_child_nodes(node):
        yield from spoken(child)


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def are_similar(one: str, other: str) -> bool:
    """Whether two codes, or a function of each, are nearly the same."""
    (first, *functions), (second, *others) = shingles(one), shingles(other)
    if similarity(first, second) >= SIMILAR:
        return True
    return any(similarity(mine, yours) >= SIMILAR_FUNCTIONS for mine in functions for yours in others)


def similarity(first: Shingles, second: Shingles) -> float:
    """From 0 to 1: Jaccard's index."""
    return len(first & second) / len(first | second)


def neighbours(families: Sequence[Family]) -> dict[str, set[str]]:
    """Name of a family -> names of those that are nearly the same: what `are_similar` says, for all pairs."""
    found: dict[str, set[str]] = {family.name: set() for family in families}
    wholes, parts = Alike(SIMILAR), Alike(SIMILAR_FUNCTIONS)
    for family in families:
        whole, *functions = shingles(family.code)
        for name in wholes.add(family.name, [whole]) | parts.add(family.name, functions):
            found[family.name].add(name)
            found[name].add(family.name)
    return found


class Alike:
    """Sets of shingles by name, with what each shingle stands in: only sets that share some are ever compared."""

    def __init__(self, least: float) -> None:
        self.least = least
        self.known: list[tuple[str, int]] = []
        self.where: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)

    def add(self, name: str, sets: Sequence[Shingles]) -> set[str]:
        """Take them in -> names of those that were known and are similar to one of them."""
        found: set[str] = set()
        for each in sets:
            common = Counter(at for shingle in each for at in self.where.get(shingle, ()))
            for at, count in common.items():
                other, size = self.known[at]
                if count / (len(each) + size - count) >= self.least:
                    found.add(other)
        for each in sets:
            for shingle in each:
                self.where[shingle].append(len(self.known))
            self.known.append((name, len(each)))
        return found


def clusters(near: Mapping[str, set[str]]) -> list[list[str]]:
    """Families that hang together, by name, each cluster in the order of the alphabet."""
    left, found = set(near), []
    for name in sorted(near):
        if name in left:
            members, todo = {name}, [name]
            while todo:
                new = near[todo.pop()] - members
                members |= new
                todo.extend(new)
            left -= members
            found.append(sorted(members))
    return found
