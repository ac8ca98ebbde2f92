"""Whole lines: missing, doubled, exchanged with their neighbours, indented too little or too much."""

import ast
from collections.abc import Iterator

from nano_training.bugs.scope import COLLECTION, NUMBER, Scopes
from nano_training.bugs.view import Change, Loop, View, is_docstring

SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Break, ast.Continue)
CHECK_LINES = 3


def statements(view: View) -> Iterator[ast.stmt]:
    """Statements inside functions that have their lines for themselves."""
    for node in view.nodes(*SIMPLE, ast.If, ast.For, ast.While):
        if isinstance(node, ast.stmt) and view.function(node) and view.owns_lines(node) and not is_elif(view, node):
            yield node


def is_elif(view: View, node: ast.stmt) -> bool:
    """Whether a statement is written `elif`."""
    return isinstance(node, ast.If) and view.source.startswith("elif", view.span(node)[0])


def deletions(view: View) -> Iterator[Change]:
    """A statement left out where others stay."""
    for node in statements(view):
        rest = [each for each in view.body(node) if each is not node and not is_docstring(each)]
        if rest and not drives(view, node) and (kind := missing(view, node)):
            assert node.end_lineno is not None
            yield Change(kind, view.line_start(node.lineno), view.line_start(node.end_lineno + 1), "")


def missing(view: View, node: ast.stmt) -> str:
    """The kind of mistake that leaving a statement out is; "" where nobody would."""
    match node:
        case ast.Return():
            return "missing return"
        case ast.If():
            short = node.end_lineno is not None and node.end_lineno - node.lineno < CHECK_LINES
            return "missing check" if short and not node.orelse else ""
        case ast.For() | ast.While():
            return ""
        case ast.Assign() if isinstance(node.targets[0], ast.Name) and not isinstance(node.value, ast.Constant):
            name = node.targets[0].id
            again = [each for each in view.nodes(ast.Name) if each.id == name and isinstance(each.ctx, ast.Store)]
            return "missing line" if any(each.lineno < node.lineno for each in again) else ""
    return "missing line"


def drives(view: View, node: ast.stmt) -> bool:
    """Whether a statement brings the `while` around it to its end: without it that would hang."""
    loop = view.loop(node)
    if not isinstance(loop, ast.While):
        return False
    names = {each.id for each in ast.walk(loop.test) if isinstance(each, ast.Name)}
    leaves = isinstance(node, (ast.Break, ast.Return, ast.Continue))
    changed = set() if leaves else {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return not names or bool(names & changed)


def doublings(view: View) -> Iterator[Change]:
    """A statement that stands there twice."""
    for node in statements(view):
        call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if isinstance(node, ast.AugAssign) or call:
            end = view.line_start(node.lineno)
            yield Change("doubled line", end, end, view.block(node) + "\n")


def exchanges(view: View) -> Iterator[Change]:
    """Two neighbouring statements in the wrong order."""
    for node in statements(view):
        body = view.body(node)
        following = body[body.index(node) + 1] if node is not body[-1] else None
        if following is None or not view.owns_lines(following) or not exchangeable(node, following):
            continue
        start, end = view.line_start(node.lineno), view.span(following)[1]
        assert node.end_lineno is not None
        middle = "\n" * (following.lineno - node.end_lineno)
        yield Change("swapped lines", start, end, view.block(following) + middle + view.block(node))


def exchangeable(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether the order of two neighbours can matter."""
    checks = isinstance(first, ast.If) and isinstance(second, ast.If)
    simple = isinstance(first, (ast.Assign, ast.AugAssign, ast.Expr)) and isinstance(
        second, (ast.Assign, ast.AugAssign, ast.Expr)
    )
    still = all(
        isinstance(each, ast.Assign) and isinstance(each.value, (ast.Constant, ast.List, ast.Dict))
        for each in (first, second)
    )
    near = first.end_lineno is not None and second.lineno - first.end_lineno <= 2
    return near and (checks or simple) and not still


def indentations(view: View) -> Iterator[Change]:
    """A statement moved out of the block that it ends, or into the block before it."""
    for node in statements(view):
        body = view.body(node)
        block = view.parent(node)
        ends = isinstance(block, (ast.For, ast.While, ast.If)) and node.end_lineno == block.end_lineno
        if ends and isinstance(block, ast.stmt) and len(body) > 1 and not drives(view, node):
            yield moved(view, node, block.col_offset - node.col_offset)
        before = body[body.index(node) - 1] if node is not body[0] else None
        if isinstance(before, (ast.For, ast.While, ast.If)):
            inside = (before.orelse or before.body)[-1]
            if inside.lineno > before.lineno:
                yield moved(view, node, inside.col_offset - node.col_offset)


def moved(view: View, node: ast.stmt, columns: int) -> Change:
    """A statement's lines moved right by so many columns, or left."""
    block = view.block(node).split("\n")
    lines = [line and (" " * columns + line if columns > 0 else line[-columns:]) for line in block]
    return Change("indentation", view.line_start(node.lineno), view.span(node)[1], "\n".join(lines))


def insertions(view: View) -> Iterator[Change]:
    """What takes a missing return or a missing increment back."""
    scopes = Scopes(view)
    for function in view.nodes(ast.FunctionDef):
        last = function.body[-1]
        if not isinstance(last, (ast.Return, ast.Raise)) and not any(
            view.function(each) is function for each in view.nodes(ast.Yield)
        ):
            for name in scopes.bound(function):
                yield added(view, last, f"{view.indent(last)}return {name}", "missing return")
    loops: Iterator[Loop] = view.nodes(ast.For, ast.While)
    for loop in loops:
        around = view.function(loop)
        for name, line in scopes.bound(around).items() if around else ():
            counted = around and scopes.roles(around)[name] - {COLLECTION} == {NUMBER}
            if 0 < line < loop.lineno and counted:
                yield added(view, loop.body[-1], f"{view.indent(loop.body[-1])}{name} += 1", "missing line")


def added(view: View, node: ast.stmt, line: str, kind: str) -> Change:
    """A new line after a statement."""
    assert node.end_lineno is not None
    end = view.line_start(node.end_lineno + 1) - 1
    return Change(kind, end, end, "\n" + line)
