"""Operators, comparisons, conditions: the wrong sign between two right operands."""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping

from nano_training.bugs.view import Change, View

COMPARISONS = {
    "<": ("<=", ">", ">="),
    "<=": ("<", ">=", ">", "=="),
    ">": (">=", "<", "<="),
    ">=": (">", "<=", "<", "=="),
    "==": ("!=", "<=", ">="),
    "!=": ("==",),
    "in": ("not in",),
    "not in": ("in",),
    "is": ("is not",),
    "is not": ("is",),
}
COMPARISON = re.compile(r"<=|>=|==|!=|<|>|\bnot\s+in\b|\bis\s+not\b|\bin\b|\bis\b")
ARITHMETIC = {
    "+": ("-", "*"),
    "-": ("+",),
    "*": ("+", "/", "//", "**"),
    "/": ("//", "*"),
    "//": ("/", "%", "*"),
    "%": ("//",),
    "**": ("*",),
    "<<": (">>",),
    ">>": ("<<",),
    "&": ("|", "^"),
    "|": ("&", "^"),
    "^": ("|", "&"),
}
OPERATOR = re.compile(r"\*\*|//|<<|>>|[-+*/%&|^]")
ASSIGNMENTS = {
    "+=": ("-=", "="),
    "-=": ("+=", "="),
    "*=": ("+=", "=", "//="),
    "//=": ("/=", "%=", "*="),
    "/=": ("//=",),
    "%=": ("//=",),
    "|=": ("&=", "="),
    "&=": ("|=", "="),
}


def comparisons(view: View) -> Iterator[Change]:
    """`<` for `<=` and the like."""
    for node in view.nodes(ast.Compare):
        operands = [node.left, *node.comparators]
        for left, right in itertools.pairwise(operands):
            yield from between(view, left, right, COMPARISON, COMPARISONS, "comparison")


def arithmetic(view: View) -> Iterator[Change]:
    """`-` for `+` and the like; true and whole division are a kind of their own."""
    for node in view.nodes(ast.BinOp):
        if is_text(node.left) or is_text(node.right):
            continue
        for change in between(view, node.left, node.right, OPERATOR, ARITHMETIC, "operator"):
            division = {view.source[change.start : change.end], change.text} == {"/", "//"}
            yield Change("division", change.start, change.end, change.text) if division else change


def between(
    view: View, left: ast.expr, right: ast.expr, sign: re.Pattern[str], others: Mapping[str, tuple[str, ...]], kind: str
) -> Iterator[Change]:
    """Other signs in the gap between two operands."""
    start, end = view.span(left)[1], view.span(right)[0]
    found = sign.search(view.source, start, end)
    if found:
        for other in others.get(re.sub(r"\s+", " ", found[0]), ()):
            yield Change(kind, found.start(), found.end(), other)


def is_text(node: ast.expr) -> bool:
    """Whether an operand is a string as it stands there."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def conjunctions(view: View) -> Iterator[Change]:
    """`or` for `and`, and a condition that was forgotten."""
    for node in view.nodes(ast.BoolOp):
        other = {"and": ("or",), "or": ("and",)}
        for left, right in itertools.pairwise(node.values):
            yield from between(view, left, right, re.compile(r"\b(?:and|or)\b"), other, "and/or")
        if len(node.values) == 2:
            for value in node.values:
                yield view.replaced("missing condition", node, view.text(value))


def negations(view: View) -> Iterator[Change]:
    """A missing `not` and one too many."""
    for node in view.nodes(ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            yield view.replaced("negation", node, view.text(node.operand))
        elif isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
            yield view.replaced("sign", node, view.text(node.operand))
    for test in tests(view):
        if isinstance(test, (ast.Name, ast.Call, ast.Attribute, ast.Subscript)):
            yield view.replaced("negation", test, f"not {view.text(test)}")
    for key in view.nodes(ast.Lambda):
        if isinstance(key.body, (ast.Name, ast.Attribute, ast.Subscript)):
            yield view.replaced("sign", key.body, f"-{view.text(key.body)}")


def tests(view: View) -> Iterator[ast.expr]:
    """Expressions whose truth alone matters."""
    asking: Iterator[ast.If | ast.While | ast.IfExp] = view.nodes(ast.If, ast.While, ast.IfExp)
    for branch in asking:
        yield branch.test
    for loop in view.nodes(ast.comprehension):
        yield from loop.ifs
    for node in view.nodes(ast.BoolOp):
        yield from node.values
    for given in view.nodes(ast.Return):
        if (
            isinstance(given.value, ast.Call)
            and isinstance(given.value.func, ast.Name)
            and given.value.func.id in {"all", "any"}
        ):
            yield given.value


def filters(view: View) -> Iterator[Change]:
    """A comprehension without its `if`."""
    for node in view.nodes(ast.comprehension):
        if len(node.ifs) == 1:
            start, end = view.span(node.iter)[1], view.span(node.ifs[0])[1]
            if re.fullmatch(r"\s+if\s+", view.source[start : view.span(node.ifs[0])[0]]):
                yield Change("missing condition", start, end, "")


def branches(view: View) -> Iterator[Change]:
    """The two values of a conditional expression in the wrong places."""
    for node in view.nodes(ast.IfExp):
        first, second = view.text(node.body), view.text(node.orelse)
        start, end = view.span(node)
        middle = view.source[view.span(node.body)[1] : view.span(node.orelse)[0]]
        yield Change("swapped branches", start, end, second + middle + first)


def assignments(view: View) -> Iterator[Change]:
    """`-=` or `=` for `+=`, and back."""
    for node in view.nodes(ast.AugAssign):
        yield from between(view, node.target, node.value, re.compile(r"\S+="), ASSIGNMENTS, "assignment")
    for plain in view.nodes(ast.Assign):
        target = plain.targets[0]
        if view.loop(plain) and len(plain.targets) == 1 and not isinstance(target, ast.Tuple):
            for sign in ("+=", "*=", "|="):
                yield from between(view, target, plain.value, re.compile("="), {"=": (sign,)}, "assignment")
