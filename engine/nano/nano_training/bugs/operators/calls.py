"""Calls and tuples: swapped, missing and unneeded arguments, calls that were left out."""

import ast
import itertools
from collections.abc import Iterator, Sequence

from nano_training.bugs.view import Change, View, called

WRAPPERS = {
    "sorted",
    "abs",
    "list",
    "int",
    "str",
    "len",
    "float",
    "set",
    "tuple",
    "reversed",
    "dict",
    "bool",
    "round",
    "iter",
}
FINISHERS = {"copy", "strip", "lower", "upper", "lstrip", "rstrip", "casefold", "items", "title", "capitalize", "split"}
ADDED = ("{}.copy()", "list({})", "sorted({})", "abs({})", "{}.strip()", "{}.lower()")
PLAIN = (ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Call)


def swapped_arguments(view: View) -> Iterator[Change]:
    """Neighbours exchanged among the arguments of a call."""
    for node in view.nodes(ast.Call):
        yield from exchanged(view, node.args, "swapped arguments")


def exchanged(view: View, parts: Sequence[ast.expr], kind: str) -> Iterator[Change]:
    """Two neighbours in each other's place."""
    for first, second in itertools.pairwise(parts):
        left, right = view.text(first), view.text(second)
        if left != right and not isinstance(first, ast.Starred) and not isinstance(second, ast.Starred):
            start, end = view.span(first)[0], view.span(second)[1]
            middle = view.source[view.span(first)[1] : view.span(second)[0]]
            yield Change(kind, start, end, right + middle + left)


def swapped_operands(view: View) -> Iterator[Change]:
    """`b - a` for `a - b`."""
    for node in view.nodes(ast.BinOp):
        even = isinstance(node.op, (ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor))
        text = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        if not even and not text and isinstance(node.left, PLAIN) and isinstance(node.right, PLAIN):
            yield from exchanged(view, [node.left, node.right], "swapped operands")


def orders(view: View) -> Iterator[Change]:
    """Elements of a tuple, or key and value, in the wrong order."""
    for node in view.nodes(ast.Tuple):
        yield from exchanged(view, node.elts, "order")
    for table in view.nodes(ast.DictComp):
        yield from exchanged(view, [table.key, table.value], "order")


def arguments(view: View) -> Iterator[Change]:
    """The last argument left out; `reverse=True` forgotten or unneeded."""
    for node in view.nodes(ast.Call):
        parts: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        if len(parts) >= 2 and called(node) not in {"isinstance", "range", "zip"}:
            yield Change("missing argument", view.span(parts[-2])[1], view.span(parts[-1])[1], "")
        sorts = called(node) == "sorted" or (isinstance(node.func, ast.Attribute) and node.func.attr == "sort")
        if sorts and not any(each.arg == "reverse" for each in node.keywords):
            end = view.span(node)[1] - 1
            yield Change("missing argument", end, end, ", reverse=True" if parts else "reverse=True")


def left_out(view: View) -> Iterator[Change]:
    """A call whose argument is taken as it is, and one that was not needed."""
    for node in view.nodes(ast.Call):
        if (
            called(node) in WRAPPERS
            and len(node.args) == 1
            and not isinstance(node.args[0], (ast.GeneratorExp, ast.Starred))
        ):
            yield view.replaced("missing call", node, view.text(node.args[0]))
        elif isinstance(node.func, ast.Attribute) and node.func.attr in FINISHERS and not node.args:
            yield view.replaced("missing call", node, view.text(node.func.value))
    for taken in view.nodes(ast.Subscript):
        if view.text(taken.slice) == ":":
            yield view.replaced("missing call", taken, view.text(taken.value))
    holders: Iterator[ast.Assign | ast.Return] = view.nodes(ast.Assign, ast.Return)
    for holder in holders:
        if isinstance(holder.value, ast.Name):
            for shape in ADDED:
                yield view.replaced("missing call", holder.value, shape.format(holder.value.id))


def yields(view: View) -> Iterator[Change]:
    """`yield` for `yield from`, and back."""
    for node in view.nodes(ast.YieldFrom):
        yield view.replaced("yield", node, f"yield {view.text(node.value)}")
    for single in view.nodes(ast.Yield):
        if isinstance(single.value, (ast.Name, ast.Call, ast.Attribute)):
            yield view.replaced("yield", single, f"yield from {view.text(single.value)}")
