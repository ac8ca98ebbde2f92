"""The helpers of an example's text, `num_(1, 9)` and so on, and their replacement by literals drawn at random."""

import ast
import random
from collections.abc import Callable
from functools import lru_cache

VOCABULARY = """
    apple river stone cloud table paper green silver window garden bread copper lemon tiger music winter summer
    candle bridge market forest island pencil button basket mirror ladder hammer cotton velvet marble orange purple
    pepper ginger carrot tomato potato onion rabbit falcon badger otter beaver salmon spider hornet meadow valley
    canyon desert harbor castle temple cellar kitchen engine rocket signal packet socket buffer cursor folder letter
    number symbol vector matrix planet comet saturn venus amber coral pearl ruby jade opal iron zinc gold lead tin
    oak elm ash fir fig pea nut tea rice corn salt sand mud fog ice sun moon star wind rain snow hail leaf root seed
    ant bee cat dog fox hen owl pig rat cow bat kite drum flute harp bell horn lamp vase bowl cup jar mug pan pot
"""
WORDS = tuple(VOCABULARY.split())


def num(rng: random.Random, low: int, high: int) -> int:
    return rng.randint(low, high)


def ints(rng: random.Random, least: int, most: int, low: int, high: int) -> list[int]:
    return [rng.randint(low, high) for _ in range(rng.randint(least, most))]


def word(rng: random.Random) -> str:
    return rng.choice(WORDS)


def words(rng: random.Random, least: int, most: int) -> list[str]:
    return rng.sample(WORDS, rng.randint(least, most))


def text(rng: random.Random, least: int, most: int) -> str:
    return " ".join(words(rng, least, most))


def letters(rng: random.Random, least: int, most: int) -> str:
    return "".join(rng.choice("abcde") for _ in range(rng.randint(least, most)))


def digits(rng: random.Random, least: int, most: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(least, most)))


def flag(rng: random.Random) -> bool:
    return rng.random() < 0.5


def real(rng: random.Random, low: float, high: float) -> float:
    return round(rng.uniform(low, high), 1)


def pairs(rng: random.Random, least: int, most: int) -> list[tuple[str, int]]:
    return [(name, rng.randint(1, 20)) for name in words(rng, least, most)]


def table(rng: random.Random, least: int, most: int) -> dict[str, int]:
    return dict(pairs(rng, least, most))


def grid(rng: random.Random, rows: int, columns: int, low: int, high: int) -> list[list[int]]:
    return [[rng.randint(low, high) for _ in range(columns)] for _ in range(rows)]


DRAWS: dict[str, tuple[Callable[..., object], int]] = {
    "num_": (num, 2),
    "ints_": (ints, 4),
    "word_": (word, 0),
    "words_": (words, 2),
    "text_": (text, 2),
    "letters_": (letters, 2),
    "digits_": (digits, 2),
    "flag_": (flag, 0),
    "real_": (real, 2),
    "pairs_": (pairs, 2),
    "table_": (table, 2),
    "grid_": (grid, 4),
}
"""Name -> what draws a value, and how many arguments it takes beside the source of chance. `pick_` stands apart."""


def draw(source: str, rng: random.Random) -> str:
    """`source` with every helper's call replaced by a literal. Raises ValueError where a call is not as it must be."""
    for call, (start, end) in holes(source):
        source = source[:start] + literal(source, call, rng) + source[end:]
    return source


@lru_cache(4096)
def holes(source: str) -> tuple[tuple[ast.AST, tuple[int, int]], ...]:
    """The outermost calls of helpers and where they stand, from the last to the first.

    What stands within `pick_` is drawn when it is picked.
    """
    calls = [node for node in ast.walk(ast.parse(source)) if is_draw(node)]
    spans = [span(source, call) for call in calls]
    outer = [
        (call, at)
        for call, at in zip(calls, spans, strict=True)
        if not any(other[0] <= at[0] and at[1] <= other[1] and other != at for other in spans)
    ]
    return tuple(sorted(outer, key=lambda one: one[1], reverse=True))


def is_draw(node: ast.AST) -> bool:
    """Whether this is a call of a helper: of a name that ends in an underscore."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("_")


def span(source: str, node: ast.AST) -> tuple[int, int]:
    """Where a node begins and ends in a source of one line, in characters."""
    assert isinstance(node, ast.expr)
    line = source.encode()
    return len(line[: node.col_offset].decode()), len(line[: node.end_col_offset].decode())


def literal(source: str, call: ast.AST, rng: random.Random) -> str:
    """The text that stands in a helper call's place."""
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    name = call.func.id
    if name == "pick_":
        if not call.args:
            raise ValueError("pick_ needs something to pick from")
        start, end = span(source, rng.choice(call.args))
        return draw(source[start:end], rng)
    if name not in DRAWS:
        raise ValueError(f"there is no helper {name}: the helpers are {', '.join(DRAWS)}, pick_")
    drawn, count = DRAWS[name]
    if len(call.args) != count or call.keywords:
        raise ValueError(f"{name} takes {count} arguments, not {len(call.args)}")
    return repr(drawn(rng, *map(ast.literal_eval, call.args)))
