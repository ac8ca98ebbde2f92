"""The same said otherwise: a few statements and expressions of a code in another of their equivalent forms."""

import ast
import random
from collections.abc import Callable, Iterator

from nano_training.programs.rewriting import branches, loops, phrases
from nano_training.programs.splice import Parsed, Splice, read

Rule = Callable[[Parsed, ast.AST], Splice | None]

RULES: tuple[tuple[float, Rule], ...] = (
    (0.3, phrases.augmented),
    (0.3, phrases.spelled_out),
    (0.15, phrases.flipped),
    (0.2, phrases.swapped_factors),
    (0.3, phrases.unchained),
    (0.3, phrases.counted),
    (0.3, phrases.measured),
    (0.35, branches.early),
    (0.35, branches.otherwise),
    (0.2, branches.negated),
    (0.35, branches.conditional),
    (0.35, branches.unconditional),
    (0.3, branches.truth),
    (0.12, branches.named),
    (0.4, branches.returned),
    (0.35, loops.appended),
    (0.4, loops.comprehended),
    (0.4, loops.summed),
    (0.4, loops.searched),
    (0.3, loops.numbered),
    (0.15, loops.stepped),
)
"""How often a rule is used where it applies, in a code that is rewritten at all."""
ROUNDS = 2


def varied(code: str, rng: random.Random) -> str:
    """`code`, or the same with some of its places rewritten."""
    for _ in range(rng.choice(range(ROUNDS + 1))):
        code = once(code, rng)
    return code


def once(code: str, rng: random.Random) -> str:
    """One pass over a code: of places that lie within each other the outermost is rewritten."""
    parsed = read(code)
    return parsed.spliced(splices(parsed, rng))


def splices(parsed: Parsed, rng: random.Random) -> Iterator[Splice]:
    for node in parsed.nodes:
        for share, rule in RULES:
            if rng.random() < share:
                splice = rule(parsed, node)
                if splice is not None:
                    yield splice
                    break
