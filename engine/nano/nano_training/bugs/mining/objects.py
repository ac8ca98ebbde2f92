"""Examples for a class: an object is made, changed by a method or two, and asked for something."""

import ast
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from nano_training.bugs.mining import values

NAMES = {"list": "items", "set": "group", "dict": "table"}
ASKED = {
    "__len__": "len({})",
    "__str__": "str({})",
    "__iter__": "list({})",
    "__repr__": "str({})",
    "__bool__": "bool({})",
}
CHANGES = (0, 0, 0, 1, 1, 2, 3)
"""How many methods are called before the one that is looked at."""
METHOD, SPECIAL = 0.75, 0.87
"""How often a method is asked for, and how often that or a special one, not an attribute; untouched objects more so."""
MUTATES = re.compile(r"^(add|append|push|set|insert|put|remove|pop|update|enqueue|extend|register|discard|feed|delete)")


@dataclass(frozen=True, slots=True)
class Members:
    """What a class has that an example can use."""

    init: ast.FunctionDef | None
    methods: tuple[ast.FunctionDef, ...]
    properties: tuple[str, ...]
    special: tuple[str, ...]

    @classmethod
    def of(cls, node: ast.ClassDef) -> "Members":
        every = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        public = [each for each in every if not each.name.startswith("_")]
        init = next((each for each in every if each.name == "__init__"), None)
        if init is None and node.decorator_list:
            init = made(node)
        plain = tuple(each for each in public if decorators(each) <= {"staticmethod", "classmethod"})
        read = [each.name for each in public if decorators(each) & {"property", "cached_property"}]
        read += sorted(attributes(init)) if init else []
        read += [ast.unparse(each.target) for each in fields(node) if not ast.unparse(each.target).startswith("_")]
        special = tuple(ASKED[each.name] for each in every if each.name in ASKED)
        return cls(init, plain, tuple(dict.fromkeys(read)), special)


def decorators(method: ast.FunctionDef) -> set[str]:
    """Names of a method's decorators."""
    return {ast.unparse(each).split("(")[0].split(".")[-1] for each in method.decorator_list}


def attributes(init: ast.FunctionDef) -> set[str]:
    """Public attributes that an object is made with."""
    return {
        node.attr
        for node in ast.walk(init)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and not node.attr.startswith("_")
    }


def fields(node: ast.ClassDef) -> list[ast.AnnAssign]:
    """What a dataclass is made of."""
    found = [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
    return found if node.decorator_list else []


def made(node: ast.ClassDef) -> ast.FunctionDef:
    """The __init__ that a dataclass has."""
    taken = ", ".join(["self", *(ast.unparse(each) for each in fields(node))])
    try:
        tree = ast.parse(f"def __init__({taken}):\n    pass\n").body[0]
    except SyntaxError:
        tree = ast.parse("def __init__(self):\n    pass\n").body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


def drawer(node: ast.ClassDef, world: values.Values, rng: random.Random) -> Callable[[], Callable[[], str]]:
    """Gives a choice of kinds when it is called, which gives an example when that is called."""
    members = Members.of(node)
    variable = named(node.name)

    def choice() -> Callable[[], str]:
        given = world.given(members.init, node.name, rng, 1) if members.init else []
        kinds = {each.name: world.given(each, each.name, rng, skip(each)) for each in members.methods}
        return lambda: example(node.name, variable, given, kinds, members, rng)

    return choice


def skip(method: ast.FunctionDef) -> int:
    """Arguments that a call does not give."""
    return 0 if "staticmethod" in decorators(method) else 1


def example(
    owner: str,
    variable: str,
    given: values.Given,
    kinds: dict[str, values.Given],
    members: Members,
    rng: random.Random,
) -> str:
    """One example."""
    names = sorted(kinds)
    changing = [name for name in names if MUTATES.match(name)] or names
    count = rng.choice(CHANGES) if changing else 0
    before = [
        values.call(f"{variable}.{name}", kinds[name], rng)
        for name in (rng.choice(changing if rng.random() < 0.75 else names) for _ in range(count))
    ]
    new = values.call(owner, given, rng)
    asked = rng.random() * (1 if before or not names else METHOD / SPECIAL)
    object_text = variable if before else new
    if (names and asked < METHOD) or not (members.special or members.properties):
        name = rng.choice(names) if names else ""
        last = values.call(f"{object_text}.{name}", kinds[name], rng) if name else object_text
    elif members.special and (asked < SPECIAL or not members.properties):
        last = rng.choice(members.special).format(object_text)
    else:
        last = f"{object_text}.{rng.choice(members.properties)}"
    return "; ".join([f"{variable} = {new}", *before, last]) if before else last


def named(owner: str) -> str:
    """What an object of a class is called: the last word of the class's name."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", owner) or ["thing"]
    name = words[-1].lower()
    name = NAMES.get(name, name)
    return name if name.isidentifier() and name != owner and name not in ("class", "in", "is", "not") else "made"
