"""Literals to call a function with, by what its parameters are named, annotated and preset as."""

import ast
import random

POOLS: dict[str, tuple[str, ...]] = {
    "int": ("0", "1", "2", "3", "4", "5", "7", "8", "10", "12", "16", "25", "20", "-1", "-3", "6", "9", "2026"),
    "float": ("0.5", "2.5", "-1.5", "1.0", "3.25", "0.0", "10.0"),
    "flag": ("True", "False"),
    "text": (
        '""',
        '"a"',
        '"hello world"',
        '"Hello, World"',
        '"abc123"',
        '"snake_case_name"',
        '"CamelCaseName"',
        '"  padded  "',
        '"a,b,c"',
        '"radar"',
        '"12"',
        '"3.5"',
        '"banana"',
        '"one two two"',
        '"a-b-c"',
        '"x=1"',
        '"kitten"',
        '"sitting"',
        '"UPPER"',
        '"a.b.c"',
        '"<b>"',
    ),
    "char": ('","', '" "', '"a"', '"-"', '"_"', '"."', '"*"'),
    "ints": (
        "[]",
        "[1]",
        "[3, 1, 2]",
        "[5, 5, 1]",
        "[1, 2, 3, 4, 5, 6]",
        "[-2, 0, 7]",
        "[4, 8, 15, 16, 23]",
        "[2, 2]",
        "(1, 2, 3)",
        "[10, 9, 8, 7]",
    ),
    "words": (
        "[]",
        '["a"]',
        '["pear", "apple", "fig"]',
        '["b", "a", "b"]',
        '["one", "two", "three", "four"]',
        '["Ann", "bob", "Cy"]',
        '["x", ""]',
    ),
    "grid": (
        "[[1]]",
        "[[1, 2], [3, 4]]",
        "[[1, 2, 3], [4, 5, 6]]",
        "[[0, 1], [1, 0]]",
        "[[2, 0], [0, 2]]",
        "[[1, 2], [3], []]",
        "[[1, 2, 3], [4, 5, 6], [7, 8, 9]]",
    ),
    "table": (
        "{}",
        '{"a": 1}',
        '{"b": 2, "a": 1}',
        '{"x": 10, "y": 20, "z": 5}',
        '{"a": {"b": 1}}',
        '{"a": None, "b": 3}',
        "{1: 2, 3: 4}",
    ),
    "pairs": (
        '[("a", 1), ("b", 2)]',
        '[("b", 3), ("a", 3), ("c", 1)]',
        "[(1, 2), (3, 4)]",
        "[]",
        "[(0, 0), (3, 4), (1, 1)]",
    ),
    "pair": ("(1, 2)", "(0, 0)", "(3, 4)", "(5, 1)", "(-1, 2)", "(2, 2)"),
    "test": ("lambda x: x > 2", "lambda x: x % 2 == 0", "bool", "lambda x: x"),
    "function": ("lambda x: x * 2", "str", "lambda x: -x", "len", "lambda x: x"),
}
NAMED = {
    "int": (
        "n m k num number size count width height index i j a b x y start stop end length limit step base "
        "year month day depth level low high left right times position pos degree order bits offset total "
        "minimum maximum lo hi p q r seconds value"
    ),
    "text": (
        "s string text word name line prefix suffix sentence st str1 str2 s1 s2 string1 string2 source "
        "pattern key phrase value label title path seq sequence haystack needle raw content camel identifier "
        "code"
    ),
    "char": ("sep separator delimiter char ch fill fillchar c delim glue"),
    "ints": (
        "nums arr lst list_ items iterable seq values xs data array numbers sequence l a b v vector weights "
        "points elements collection iterables it lists coefficients args p q u"
    ),
    "words": ("words names strings lines items tokens keys seq parts iterable fields args"),
    "grid": ("matrix grid board rows table m iterables lists arr array seqs intervals"),
    "table": ("d dict_ mapping dct data obj d1 d2 counts graph mapping1 mapping2 options attrs params config"),
    "pairs": ("pairs points items edges intervals seq iterable"),
    "pair": ("pair point p interval shape point1 point2 p1 p2 a b size"),
    "flag": ("strict reverse ascending inclusive flag deep"),
    "float": ("x y value ratio t f number angle radius price temperature"),
    "test": ("pred predicate condition func test"),
    "function": ("func f fn key callback function keyfunc mapper transform iteratee"),
}
ANNOTATED = {
    "int": ("int",),
    "str": ("text", "char"),
    "bool": ("flag",),
    "float": ("float", "int"),
    "dict": ("table",),
    "Mapping": ("table",),
    "list": ("ints", "words", "grid", "pairs"),
    "List": ("ints", "words", "grid"),
    "Sequence": ("ints", "words", "text"),
    "Iterable": ("ints", "words", "pairs"),
    "tuple": ("pair",),
    "Tuple": ("pair",),
    "Callable": ("function", "test"),
    "Dict": ("table",),
}
KINDS: dict[type, str] = {bool: "flag", int: "int", float: "float", str: "char"}
GUESSES = ("int", "text", "ints", "words", "ints", "text", "grid", "table", "pairs", "pair")


def kinds(argument: ast.arg, preset: ast.expr | None, rng: random.Random) -> tuple[str, ...]:
    """What a parameter may take, the likeliest first."""
    if argument.annotation is not None:
        words = [each.id for each in ast.walk(argument.annotation) if isinstance(each, ast.Name)]
        known = [kind for word in words for kind in ANNOTATED.get(word, ())]
        if known:
            return tuple(known)
    if isinstance(preset, ast.Constant) and type(preset.value) in KINDS:
        return (KINDS[type(preset.value)],)
    named = [kind for kind, names in NAMED.items() if argument.arg in names.split()]
    return tuple(named) if named and rng.random() < 0.8 else GUESSES


def given(node: ast.FunctionDef, rng: random.Random) -> list[tuple[str, str]]:
    """One choice of kinds for a call: (keyword or "", kind) of each argument; presets are mostly left alone."""
    arguments = [*node.args.posonlyargs, *node.args.args]
    presets: list[ast.expr | None] = [None] * (len(arguments) - len(node.args.defaults)) + list(node.args.defaults)
    chosen = []
    for argument, preset in zip(arguments, presets, strict=True):
        if preset is None:
            chosen.append(("", rng.choice(kinds(argument, preset, rng))))
        elif rng.random() < 0.35:
            chosen.append((argument.arg, rng.choice(kinds(argument, preset, rng))))
    for argument, needed in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if needed is None or rng.random() < 0.35:
            chosen.append((argument.arg, rng.choice(kinds(argument, needed, rng))))
    if node.args.vararg is not None:
        chosen.extend([("", rng.choice(GUESSES))] * rng.randint(1, 2))
        chosen.sort(key=lambda each: each[0] != "")
    return chosen


def call(name: str, chosen: list[tuple[str, str]], rng: random.Random) -> str:
    """A call's text."""
    parts = [f"{keyword}={rng.choice(POOLS[kind])}" if keyword else rng.choice(POOLS[kind]) for keyword, kind in chosen]
    return f"{name}({', '.join(parts)})"
