"""Single expressions and assignments said otherwise."""

import ast

from nano_training.programs.rewriting.blocks import STEP, is_apart, whole
from nano_training.programs.splice import Parsed, Splice

SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%"}
FLIPPED = {ast.Lt: ">", ast.Gt: "<", ast.LtE: ">=", ast.GtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
COMPARED = {ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
SIMPLE = (ast.Name, ast.Constant, ast.Call, ast.Subscript, ast.Attribute)


def augmented(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`x = x + 1` as `x += 1`."""
    if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.BinOp)):
        return None
    target, value = parsed.text(node.targets[0]), node.value
    if type(value.op) not in SIGNS or parsed.text(value.left) != target or isinstance(node.targets[0], ast.Tuple):
        return None
    return parsed.replace(node, f"{target} {SIGNS[type(value.op)]}= {parsed.text(value.right)}")


def spelled_out(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`x += 1` as `x = x + 1`."""
    if not isinstance(node, ast.AugAssign) or type(node.op) not in SIGNS:
        return None
    target, value = parsed.text(node.target), parsed.text(node.value)
    value = value if isinstance(node.value, SIMPLE) else f"({value})"
    return parsed.replace(node, f"{target} = {target} {SIGNS[type(node.op)]} {value}")


def flipped(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`a < b` as `b > a`, of things that are not constant."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or type(node.ops[0]) not in FLIPPED:
        return None
    left, right = node.left, node.comparators[0]
    if not isinstance(left, SIMPLE) or not isinstance(right, SIMPLE) or ast.Constant in (type(left), type(right)):
        return None
    return parsed.replace(node, f"{parsed.text(right)} {FLIPPED[type(node.ops[0])]} {parsed.text(left)}")


def swapped_factors(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`2 * n` as `n * 2`, of numbers by the look of it."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return None
    left, right = node.left, node.right
    constant = left if isinstance(left, ast.Constant) else right
    if not isinstance(constant, ast.Constant) or not isinstance(constant.value, int):
        return None
    if not isinstance(left, SIMPLE) or not isinstance(right, SIMPLE):
        return None
    return parsed.replace(node, f"{parsed.text(right)} * {parsed.text(left)}")


def unchained(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`if 0 <= x < n:` as `if 0 <= x and x < n:`."""
    if not isinstance(node, ast.If | ast.Return | ast.While):
        return None
    test = node.value if isinstance(node, ast.Return) else node.test
    if not isinstance(test, ast.Compare) or len(test.ops) != 2 or not isinstance(test.comparators[0], ast.Name):
        return None
    if not all(type(op) in COMPARED for op in test.ops):
        return None
    left, middle, right = (parsed.text(one) for one in (test.left, *test.comparators))
    first, second = (COMPARED[type(op)] for op in test.ops)
    return parsed.replace(test, f"{left} {first} {middle} and {middle} {second} {right}")


def counted(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`d[k] = d.get(k, 0) + 1` in two steps."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Subscript):
        return None
    target, value = node.targets[0], node.value
    table, key = parsed.text(target.value), parsed.text(target.slice)
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add) or not is_apart(parsed, [node]):
        return None
    if parsed.text(value.left) != f"{table}.get({key}, 0)":
        return None
    depth = " " * node.col_offset
    lines = [
        f"{depth}if {key} not in {table}:",
        f"{depth}{' ' * STEP}{table}[{key}] = 0",
        f"{depth}{table}[{key}] += {parsed.text(value.right)}",
    ]
    return whole(parsed, node, node, lines)


def measured(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`if not values:` as `if len(values) == 0:`, of what is measured elsewhere as well."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.UnaryOp) or not isinstance(node.test.op, ast.Not):
        return None
    name = parsed.text(node.test.operand)
    if not isinstance(node.test.operand, ast.Name) or f"len({name})" not in parsed.source:
        return None
    return parsed.replace(node.test, f"len({name}) == 0")
