"""Conditions, and what is returned under them, said otherwise."""

import ast
from collections.abc import Sequence

from nano_training.programs.rewriting.blocks import STEP, block, bodies, is_apart, unused, whole
from nano_training.programs.splice import Parsed, Splice

NEGATED = {
    ast.Lt: ">=",
    ast.Gt: "<=",
    ast.LtE: ">",
    ast.GtE: "<",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}


def leaves(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def is_elif(parsed: Parsed, node: ast.If) -> bool:
    """Whether it is written as one."""
    start, _ = parsed.span(node)
    return parsed.data[start : start + 4] == b"elif"


def has_elif(parsed: Parsed, node: ast.If) -> bool:
    return bool(node.orelse) and isinstance(node.orelse[0], ast.If) and is_elif(parsed, node.orelse[0])


def early(parsed: Parsed, node: ast.AST) -> Splice | None:
    """What stands under an `else:` after a body that leaves, without it."""
    if not isinstance(node, ast.If) or not node.orelse or not leaves(node.body) or is_elif(parsed, node):
        return None
    if not is_apart(parsed, [node]) or not is_apart(parsed, node.body, node.orelse):
        return None
    head = block(parsed, [node], node.col_offset)[: node.body[-1].end_lineno - node.lineno + 1]  # type: ignore[operator]
    rest = block(parsed, node.orelse, node.col_offset)
    if has_elif(parsed, node):
        rest[0] = rest[0].replace("elif", "if", 1)
    return whole(parsed, node, node, [*head, *rest])


def otherwise(parsed: Parsed, node: ast.AST) -> Splice | None:
    """What stands after a body that leaves, under an `else:`."""
    for body in bodies(node):
        if len(body) >= 2 and isinstance(body[-2], ast.If) and not body[-2].orelse and leaves(body[-2].body):
            condition, last = body[-2], body[-1]
            if isinstance(last, ast.Return) and is_apart(parsed, [condition], condition.body, [last]):
                depth = condition.col_offset
                lines = block(parsed, [condition], depth)
                lines += [" " * depth + "else:", *block(parsed, [last], depth + STEP)]
                return whole(parsed, condition, last, lines)
    return None


def negation(parsed: Parsed, test: ast.expr) -> str:
    """The opposite of a condition."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        sign = NEGATED[type(test.ops[0])]
        return f"{parsed.text(test.left)} {sign} {parsed.text(test.comparators[0])}"
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return parsed.text(test.operand)
    text = parsed.text(test)
    return f"not ({text})" if isinstance(test, ast.BoolOp | ast.IfExp | ast.Compare) else f"not {text}"


def negated(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`if` and `else` in the other order."""
    if not isinstance(node, ast.If) or not node.orelse or is_elif(parsed, node) or has_elif(parsed, node):
        return None
    if not is_apart(parsed, [node]) or not is_apart(parsed, node.body, node.orelse):
        return None
    depth = node.col_offset
    lines = [
        " " * depth + f"if {negation(parsed, node.test)}:",
        *block(parsed, node.orelse, depth + STEP),
        " " * depth + "else:",
        *block(parsed, node.body, depth + STEP),
    ]
    return whole(parsed, node, node, lines)


def conditional(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`return a if c else b`, and an assignment like it, as four lines."""
    if not isinstance(node, ast.Return | ast.Assign) or not isinstance(node.value, ast.IfExp):
        return None
    if not is_apart(parsed, [node]):
        return None
    depth, value = " " * node.col_offset, node.value
    start, _ = parsed.span(node)
    head = parsed.data[start : parsed.span(value)[0]].decode()
    if head.endswith("("):
        return None
    lines = [
        f"{depth}if {parsed.text(value.test)}:",
        f"{depth}{' ' * STEP}{head}{parsed.text(value.body)}",
        f"{depth}else:",
        f"{depth}{' ' * STEP}{head}{parsed.text(value.orelse)}",
    ]
    return whole(parsed, node, node, lines)


def unconditional(parsed: Parsed, node: ast.AST) -> Splice | None:
    """Four lines as `return a if c else b`, or an assignment like it, where that is short."""
    if not isinstance(node, ast.If) or is_elif(parsed, node) or not len(node.body) == len(node.orelse) == 1:
        return None
    first, second = node.body[0], node.orelse[0]
    if isinstance(first, ast.Return) and isinstance(second, ast.Return) and first.value and second.value:
        head, one, other = "return ", first.value, second.value
    elif isinstance(first, ast.Assign) and isinstance(second, ast.Assign) and len(first.targets) == 1:
        head, one, other = f"{parsed.text(first.targets[0])} = ", first.value, second.value
        if parsed.text(second.targets[0]) != parsed.text(first.targets[0]):
            return None
    else:
        return None
    if any(isinstance(part, ast.IfExp | ast.Tuple | ast.Lambda) for part in (one, other, node.test)):
        return None
    line = f"{' ' * node.col_offset}{head}{parsed.text(one)} if {parsed.text(node.test)} else {parsed.text(other)}"
    return whole(parsed, node, node, [line]) if len(line) < 88 and is_apart(parsed, [node]) else None


def truth(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`return a < b` as an `if` that returns True, and False after it."""
    if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Compare) or not is_apart(parsed, [node]):
        return None
    depth = " " * node.col_offset
    lines = [f"{depth}if {parsed.text(node.value)}:", f"{depth}{' ' * STEP}return True", f"{depth}return False"]
    return whole(parsed, node, node, lines)


def named(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`return f(x)` with a name for what is returned."""
    if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Call | ast.BinOp | ast.ListComp):
        return None
    name = unused(parsed, "result", "answer", "value", "out")
    if name is None or not is_apart(parsed, [node]):
        return None
    depth = " " * node.col_offset
    lines = block(parsed, [node], node.col_offset)
    lines[0] = lines[0].replace("return ", f"{name} = ", 1)
    return whole(parsed, node, node, [*lines, f"{depth}return {name}"])


def returned(parsed: Parsed, node: ast.AST) -> Splice | None:
    """A name given to a value only to return it, without the name."""
    for body in bodies(node):
        if len(body) >= 2 and isinstance(body[-1], ast.Return) and isinstance(body[-2], ast.Assign):
            assign, last = body[-2], body[-1]
            target = assign.targets[0]
            if isinstance(target, ast.Name) and last.value is not None and parsed.text(last.value) == target.id:
                lines = block(parsed, [assign], assign.col_offset)
                lines[0] = lines[0].replace(f"{target.id} = ", "return ", 1)
                return whole(parsed, assign, last, lines) if is_apart(parsed, [assign], [last]) else None
    return None
