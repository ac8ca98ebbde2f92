"""Returns, loops and branches that go the wrong way, and imports that are missing."""

import ast
from collections.abc import Iterator

from nano_training.bugs.operators.lines import is_elif
from nano_training.bugs.view import Change, Function, View, is_docstring

Imports = ast.Import | ast.ImportFrom
HOMES = {
    "bisect": "bisect_left bisect_right insort",
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "dataclasses": "dataclass field",
    "datetime": "date datetime timedelta",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "functools": "cache lru_cache partial reduce wraps",
    "heapq": "heapify heappop heappush",
    "itertools": "accumulate chain combinations groupby islice pairwise permutations product takewhile zip_longest",
    "math": "ceil floor gcd isqrt prod sqrt",
    "operator": "attrgetter itemgetter",
    "statistics": "mean median",
    "string": "ascii_lowercase ascii_uppercase digits",
}
"""Modules of the standard library, and names that are imported from them."""
PLAIN = "calendar copy itertools json operator random re statistics string textwrap time unicodedata"
MODULES = frozenset({*HOMES, *PLAIN.split()})
IMPORTED = {name: module for module, names in HOMES.items() for name in names.split()}


def returns(view: View) -> Iterator[Change]:
    """A value that is computed but not returned, and back."""
    for node in view.nodes(ast.Return):
        if node.value is not None:
            start = view.span(node)[0]
            after = start + len("return") + 1
            if view.source[after : view.span(node)[1]].strip() != "None":
                yield Change("missing return", start, after, "")
                yield Change("missing return", after - 1, view.span(node)[1], "")
    for given in view.nodes(ast.Expr):
        if (
            view.function(given)
            and not is_docstring(given)
            and not isinstance(given.value, (ast.Yield, ast.YieldFrom, ast.Await))
        ):
            start = view.span(given)[0]
            yield Change("missing return", start, start, "return ")


def jumps(view: View) -> Iterator[Change]:
    """`break`, `continue` and `pass` taken for each other, and a loop left where the function should be."""
    for node in view.nodes(ast.Break, ast.Continue, ast.Pass):
        own = view.text(node)
        for other in ("break", "continue", "pass"):
            if other != own and view.loop(node):
                yield view.replaced("break/continue", node, other)
    for given in view.nodes(ast.Return):
        if view.loop(given):
            for other in ("break", "continue"):
                yield view.replaced("break/continue", given, other)


def branches(view: View) -> Iterator[Change]:
    """`if` for `elif`, and `if` for `while`."""
    for node in view.nodes(ast.If):
        start = view.span(node)[0]
        if is_elif(view, node):
            yield Change("elif", start, start + len("elif"), "if")
            continue
        body = view.body(node)
        before = body[body.index(node) - 1] if node is not body[0] else None
        if isinstance(before, ast.If) and not last(before).orelse and before.end_lineno == node.lineno - 1:
            yield Change("elif", start, start + len("if"), "elif")
        changed = {
            each.id
            for part in node.body
            for each in ast.walk(part)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        if changed & {each.id for each in ast.walk(node.test) if isinstance(each, ast.Name)} and not node.orelse:
            yield Change("loop", start, start + len("if"), "while")
    for loop in view.nodes(ast.While):
        start = view.span(loop)[0]
        if not loop.orelse:
            yield Change("loop", start, start + len("while"), "if")


def last(node: ast.If) -> ast.If:
    """The last branch of a chain of elifs."""
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
    return node


def top_imports(view: View) -> list[Imports]:
    """Imports of the module itself."""
    found: Iterator[Imports] = view.nodes(ast.Import, ast.ImportFrom)
    return sorted((node for node in found if view.parent(node) is view.tree), key=lambda node: node.lineno)


def imports(view: View) -> Iterator[Change]:
    """An import, or one name of it, left out."""
    for node in top_imports(view):
        if node.end_lineno is None or node.lineno != node.end_lineno:
            continue
        following = node.end_lineno + 1
        while following < len(view.lines) and node.lineno == 1 and not view.lines[following - 1].strip():
            following += 1
        yield Change("missing import", view.line_start(node.lineno), view.line_start(following), "")
        if len(node.names) > 1:
            for name in node.names:
                rest = ", ".join(
                    f"{each.name} as {each.asname}" if each.asname else each.name
                    for each in node.names
                    if each is not name
                )
                head = f"from {node.module} import " if isinstance(node, ast.ImportFrom) else "import "
                yield view.replaced("missing import", node, head + rest)


def unbound(view: View) -> list[str]:
    """Import statements for what a source uses and nobody in it defines."""
    stored = {each.id for each in view.nodes(ast.Name) if not isinstance(each.ctx, ast.Load)}
    defined: Iterator[Function | ast.ClassDef] = view.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    stored |= {each.name for each in defined}
    stored |= {each.arg for each in view.nodes(ast.arg)}
    stored |= {(each.asname or each.name).split(".")[0] for each in view.nodes(ast.alias)}
    lacking = []
    for name in dict.fromkeys(each.id for each in view.nodes(ast.Name) if each.id not in stored):
        if name in IMPORTED:
            lacking.append(f"from {IMPORTED[name]} import {name}")
        elif name in MODULES:
            lacking.append(f"import {name}")
    return lacking


def lacking_imports(view: View) -> Iterator[Change]:
    """What takes a missing import back: at the top, or in the order of the alphabet among others."""
    there = top_imports(view)
    for line in unbound(view):
        module, name = line.split()[1], line.split()[-1]
        for node in there:
            if isinstance(node, ast.ImportFrom) and node.module == module and line.startswith("from"):
                names = sorted([name, *(each.name for each in node.names)])
                yield view.replaced("missing import", node, f"from {module} import {', '.join(names)}")
        before = next((node for node in there if order(line) < order(view.text(node))), None)
        if before is not None:
            start = view.line_start(before.lineno)
            yield Change("missing import", start, start, line + "\n")
        else:
            yield first_import(view, line, there)


def first_import(view: View, line: str, there: list[Imports]) -> Change:
    """An import after those that are there, or above everything but the docstring."""
    if there:
        start = view.line_start((there[-1].end_lineno or there[-1].lineno) + 1)
        return Change("missing import", start, start, line + "\n")
    head = view.tree.body[0]
    if is_docstring(head) and head.end_lineno is not None:
        start = view.line_start(head.end_lineno + 1)
        return Change("missing import", start, start, f"\n{line}\n")
    return Change("missing import", 0, 0, f"{line}\n\n\n")


def order(line: str) -> tuple[bool, str]:
    """Sorting key of imports: plain ones first."""
    return line.startswith("from"), line
