"""The wrong name: variables, attributes, methods, functions, exceptions, a forgotten self."""

import ast
import re
from collections.abc import Iterator

from nano_training.bugs.scope import Scopes
from nano_training.bugs.view import Change, Function, View

METHODS = (
    ("append", "extend", "add"),
    ("append", "appendleft"),
    ("pop", "popleft"),
    ("lower", "upper", "title", "capitalize", "swapcase"),
    ("strip", "lstrip", "rstrip"),
    ("startswith", "endswith"),
    ("removeprefix", "removesuffix"),
    ("add", "discard", "remove"),
    ("keys", "values", "items"),
    ("find", "rfind"),
    ("find", "index"),
    ("isdigit", "isalpha", "isalnum"),
    ("isupper", "islower"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("issubset", "issuperset"),
    ("split", "rsplit"),
    ("partition", "rpartition"),
    ("ljust", "rjust", "center"),
    ("floor", "ceil"),
    ("get", "setdefault", "pop"),
    ("min", "max"),
    ("index", "count"),
    ("sin", "cos"),
    ("bisect_left", "bisect_right"),
    ("combinations", "permutations", "combinations_with_replacement"),
    ("heappop", "heappush"),
)
BUILTINS = (
    ("any", "all"),
    ("min", "max"),
    ("sorted", "reversed"),
    ("sum", "len", "max"),
    ("int", "round", "float"),
    ("list", "set"),
    ("list", "tuple"),
    ("floor", "ceil"),
    ("str", "repr"),
    ("ord", "chr"),
    ("zip", "zip_longest"),
    ("bisect_left", "bisect_right"),
    ("combinations", "permutations"),
    ("takewhile", "dropwhile"),
)
EXCEPTIONS = (
    "ValueError", "TypeError", "KeyError", "IndexError", "ZeroDivisionError", "AttributeError",
    "LookupError", "RuntimeError", "OverflowError", "StopIteration", "NotImplementedError",
)  # fmt: skip
LIKELY = EXCEPTIONS[:4]
FORMATTED = re.compile(r"\{(\w+)(?=[}:!])")
PLACES = re.compile(r"\{[^{}:]*:\.(\d)f\}")


def variables(view: View) -> Iterator[Change]:
    """Another name in scope; for what is returned, a kind of its own."""
    scopes = Scopes(view)
    for node in view.nodes(ast.Name):
        if isinstance(node.ctx, ast.Load):
            kind = "wrong return" if isinstance(view.parent(node), ast.Return) else "wrong variable"
            for name in scopes.alike(node):
                yield view.replaced(kind, node, name)
    yield from formatted(view, scopes)


def formatted(view: View, scopes: Scopes) -> Iterator[Change]:
    """Another name between the braces of an f-string, and other places after the point."""
    for node in view.nodes(ast.JoinedStr):
        function, start = view.function(node), view.span(node)[0]
        text = view.text(node)
        for found in FORMATTED.finditer(text):
            known = scopes.bound(function) if function else {}
            for name, line in known.items():
                if found[1] in known and name != found[1] and line < node.lineno:
                    yield Change("wrong variable", start + found.start(1), start + found.end(1), name)
        for found in PLACES.finditer(text):
            for places in {int(found[1]) + 1, max(0, int(found[1]) - 1)} - {int(found[1])}:
                yield Change("constant", start + found.start(1), start + found.end(1), str(places))


def attributes(view: View) -> Iterator[Change]:
    """Another attribute of self, and self itself forgotten or added."""
    for owner in view.nodes(ast.ClassDef):
        uses = [node for node in view.nodes(ast.Attribute) if is_own(node) and view.class_of(node) is owner]
        methods = {each.name for each in owner.body if isinstance(each, Function)}
        data = list(dict.fromkeys(node.attr for node in uses if node.attr not in methods))
        for node in uses:
            if node.attr in data and isinstance(node.ctx, ast.Load):
                for other in data:
                    if other != node.attr:
                        yield view.replaced("wrong variable", node, f"self.{other}")
                yield view.replaced("missing self", node, node.attr)
        yield from forgotten(view, owner, {*data, *methods})


def forgotten(view: View, owner: ast.ClassDef, known: set[str]) -> Iterator[Change]:
    """`self.` before a bare name that only the object knows."""
    scopes = Scopes(view)
    for node in view.nodes(ast.Name):
        function = view.function(node)
        if node.id not in known or function is None or view.class_of(node) is not owner:
            continue
        if isinstance(node.ctx, ast.Load) and node.id not in {*scopes.bound(function), *scopes.local(node)}:
            yield view.replaced("missing self", node, f"self.{node.id}")


def is_own(node: ast.Attribute) -> bool:
    """Whether an attribute is self's."""
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def methods(view: View) -> Iterator[Change]:
    """`append` for `extend` and the like."""
    for node in view.nodes(ast.Call):
        if isinstance(node.func, ast.Attribute) and not is_own(node.func):
            end = view.span(node.func)[1]
            name = node.func.attr
            for other in others(name, METHODS):
                yield Change("method", end - len(name), end, other)


def builtins(view: View) -> Iterator[Change]:
    """`any` for `all` and the like."""
    for node in view.nodes(ast.Name):
        if isinstance(node.ctx, ast.Load):
            for other in others(node.id, BUILTINS):
                yield view.replaced("function", node, other)


def others(name: str, groups: tuple[tuple[str, ...], ...]) -> dict[str, None]:
    """What a name is mistaken for, each once."""
    return {other: None for group in groups if name in group for other in group if other != name}


def exceptions(view: View) -> Iterator[Change]:
    """Another exception raised or caught."""
    raised = [node.exc.func if isinstance(node.exc, ast.Call) else node.exc for node in view.nodes(ast.Raise)]
    caught = [
        each.elts if isinstance(each, ast.Tuple) else [each]
        for each in (node.type for node in view.nodes(ast.ExceptHandler))
    ]
    for node in (*raised, *(each for several in caught for each in several)):
        if isinstance(node, ast.Name) and node.id in EXCEPTIONS:
            for other in LIKELY if node.id in LIKELY else EXCEPTIONS:
                if other != node.id:
                    yield view.replaced("exception", node, other)
