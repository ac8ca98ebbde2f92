"""Loops and comprehensions said otherwise."""

import ast
from itertools import pairwise

from nano_training.programs.rewriting.blocks import STEP, block, bodies, is_apart, unused, whole
from nano_training.programs.splice import Parsed, Splice

LISTS = ("result", "found", "collected", "out")
SUMS = ("total", "amount", "running")


def loop(parsed: Parsed, one: ast.comprehension, depth: int) -> tuple[list[str], str]:
    """The head of a loop over what a comprehension goes through, and the indentation of its body."""
    pad = " " * depth
    lines = [f"{pad}for {unwrapped(parsed.text(one.target))} in {parsed.text(one.iter)}:"]
    if one.ifs:
        pad += " " * STEP
        conditions = [parsed.text(test) for test in one.ifs]
        lines.append(f"{pad}if {' and '.join(conditions)}:")
    return lines, pad + " " * STEP


def unwrapped(text: str) -> str:
    return text[1:-1] if text.startswith("(") else text


def single(node: ast.AST | None, kind: type[ast.ListComp] | type[ast.GeneratorExp]) -> ast.comprehension | None:
    """The one loop of a comprehension of a kind."""
    if not isinstance(node, kind) or len(node.generators) != 1:
        return None
    one = node.generators[0]
    return None if len(one.ifs) > 1 else one


def appended(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`return [f(x) for x in xs]`, and an assignment like it, as a loop that appends."""
    if not isinstance(node, ast.Return | ast.Assign) or not is_apart(parsed, [node]):
        return None
    one, comprehension = single(node.value, ast.ListComp), node.value
    if one is None or not isinstance(comprehension, ast.ListComp):
        return None
    if isinstance(node, ast.Assign):
        name = node.targets[0].id if isinstance(node.targets[0], ast.Name) else None
        if name is not None and any(isinstance(leaf, ast.Name) and leaf.id == name for leaf in ast.walk(comprehension)):
            return None
    else:
        name = unused(parsed, *LISTS)
    if name is None:
        return None
    head, pad = loop(parsed, one, node.col_offset)
    depth = " " * node.col_offset
    lines = [f"{depth}{name} = []", *head, f"{pad}{name}.append({parsed.text(comprehension.elt)})"]
    return whole(parsed, node, node, lines + [f"{depth}return {name}"] * isinstance(node, ast.Return))


def comprehended(parsed: Parsed, node: ast.AST) -> Splice | None:
    """A list that a loop fills, one append a turn, as a comprehension."""
    for body in bodies(node):
        for first, second in pairwise(body):
            if isinstance(first, ast.Assign) and isinstance(second, ast.For) and not second.orelse:
                splice = filled(parsed, first, second)
                if splice is not None:
                    return splice
    return None


def filled(parsed: Parsed, first: ast.Assign, second: ast.For) -> Splice | None:
    name = first.targets[0]
    inner = second.body
    test: ast.expr | None = None
    condition = inner[0]
    if len(inner) == 1 and isinstance(condition, ast.If) and not condition.orelse:
        inner, test = condition.body, condition.test
    if not isinstance(name, ast.Name) or parsed.text(first.value) != "[]" or len(inner) != 1:
        return None
    call = inner[0].value if isinstance(inner[0], ast.Expr) else None
    if not isinstance(call, ast.Call) or parsed.text(call.func) != f"{name.id}.append" or len(call.args) != 1:
        return None
    leaves = [leaf for part in (call.args[0], second.iter, test) if part for leaf in ast.walk(part)]
    if any(isinstance(leaf, ast.Name) and leaf.id == name.id for leaf in leaves):
        return None
    only = f" if {parsed.text(test)}" if test else ""
    element = parsed.text(call.args[0])
    element = f"({element})" if isinstance(call.args[0], ast.Tuple) and element[0] != "(" else element
    target, over = unwrapped(parsed.text(second.target)), parsed.text(second.iter)
    line = f"{' ' * first.col_offset}{name.id} = [{element} for {target} in {over}{only}]"
    return whole(parsed, first, second, [line]) if len(line) < 96 and is_apart(parsed, [first]) else None


def summed(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`return sum(f(x) for x in xs)`, and an assignment like it, as a loop that adds."""
    if not isinstance(node, ast.Return | ast.Assign) or not isinstance(node.value, ast.Call):
        return None
    call = node.value
    one = single(call.args[0], ast.GeneratorExp) if len(call.args) == 1 and parsed.text(call.func) == "sum" else None
    if one is None or not is_apart(parsed, [node]):
        return None
    if isinstance(node, ast.Assign):
        name = node.targets[0].id if isinstance(node.targets[0], ast.Name) else None
    else:
        name = unused(parsed, *SUMS)
    if name is None:
        return None
    head, pad = loop(parsed, one, node.col_offset)
    depth = " " * node.col_offset
    element = call.args[0]
    assert isinstance(element, ast.GeneratorExp)
    lines = [f"{depth}{name} = 0", *head, f"{pad}{name} += {parsed.text(element.elt)}"]
    return whole(parsed, node, node, lines + [f"{depth}return {name}"] * isinstance(node, ast.Return))


def searched(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`return any(...)`, or all, as a loop that returns as soon as it knows."""
    if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Call) or not is_apart(parsed, [node]):
        return None
    call = node.value
    kind = parsed.text(call.func)
    one = single(call.args[0], ast.GeneratorExp) if len(call.args) == 1 and kind in ("any", "all") else None
    if one is None or one.ifs:
        return None
    element = call.args[0]
    assert isinstance(element, ast.GeneratorExp)
    head, pad = loop(parsed, one, node.col_offset)
    test = parsed.text(element.elt)
    test = test if kind == "any" else f"not ({test})"
    lines = [*head, f"{pad}if {test}:", f"{pad}{' ' * STEP}return {kind == 'any'}"]
    return whole(parsed, node, node, [*lines, f"{' ' * node.col_offset}return {kind == 'all'}"])


def numbered(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`for i, x in enumerate(xs):` as a loop over positions."""
    if not isinstance(node, ast.For) or node.orelse or not isinstance(node.iter, ast.Call):
        return None
    if parsed.text(node.iter.func) != "enumerate" or len(node.iter.args) != 1 or node.iter.keywords:
        return None
    target, over = node.target, node.iter.args[0]
    if not isinstance(target, ast.Tuple) or not isinstance(over, ast.Name) or not is_apart(parsed, [node], node.body):
        return None
    index, item = (parsed.text(part) for part in target.elts)
    pad = " " * node.col_offset
    lines = [f"{pad}for {index} in range(len({over.id})):", f"{pad}{' ' * STEP}{unwrapped(item)} = {over.id}[{index}]"]
    return whole(parsed, node, node, [*lines, *block(parsed, node.body, node.col_offset + STEP)])


def stepped(parsed: Parsed, node: ast.AST) -> Splice | None:
    """`for i in range(a, b):` as a loop that counts by itself."""
    if not isinstance(node, ast.For) or node.orelse or not isinstance(node.iter, ast.Call):
        return None
    call = node.iter
    if parsed.text(call.func) != "range" or not 1 <= len(call.args) <= 2 or not isinstance(node.target, ast.Name):
        return None
    leaves = [leaf for statement in node.body for leaf in ast.walk(statement)]
    changed = {leaf.id for leaf in leaves if isinstance(leaf, ast.Name) and isinstance(leaf.ctx, ast.Store)}
    bound = {leaf.id for leaf in ast.walk(call.args[-1]) if isinstance(leaf, ast.Name)}
    calls = "len(" in parsed.text(call.args[-1]) and any(isinstance(leaf, ast.Call) for leaf in leaves)
    if any(isinstance(leaf, ast.Continue) for leaf in leaves) or changed & {node.target.id, *bound} or calls:
        return None
    if not is_apart(parsed, [node], node.body):
        return None
    name, pad = node.target.id, " " * node.col_offset
    start = parsed.text(call.args[0]) if len(call.args) == 2 else "0"
    stop = call.args[-1]
    end = parsed.text(stop)
    lines = [f"{pad}{name} = {start}", f"{pad}while {name} < {end}:"]
    lines += [*block(parsed, node.body, node.col_offset + STEP), f"{pad}{' ' * STEP}{name} += 1"]
    return whole(parsed, node, node, lines)
