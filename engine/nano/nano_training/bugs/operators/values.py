"""Bounds, indices, constants, defaults and initial values that are a little wrong."""

import ast
from collections.abc import Iterator

from nano_training.bugs.scope import Scopes
from nano_training.bugs.view import Change, Function, View, called

RINGS = (
    ("", " ", ",", "\n"),
    (",", ", ", ";", "."),
    ("-", "_", "+"),
    ("0", "1", " "),
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("<", ">"),
    ("inf", "-inf"),
    (".", ":"),
    ("*", "#"),
    ("aeiou", "aeio"),
)
"""Short texts that are taken for each other."""
ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)


def constants(view: View) -> Iterator[Change]:
    """Numbers off by one or ten, flags turned, short texts exchanged."""
    for node in view.nodes(ast.Constant):
        parent = view.parent(node)
        signed = isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub)
        unit = parent if signed and isinstance(parent, ast.expr) else node
        kind = place(view, unit)
        for text in alternatives(node.value, signed, kind):
            idle = text[0] in "0-" and isinstance(view.parent(unit), ast.BinOp)
            if not idle and not (node.value is None and isinstance(parent, ast.Compare)):
                yield view.replaced(kind, unit, text)


def place(view: View, node: ast.expr) -> str:
    """The kind of mistake that a wrong constant at this place is."""
    parent = view.parent(node)
    match parent:
        case ast.Slice():
            return "bound"
        case ast.Subscript() if parent.slice is node:
            return "index"
        case ast.Call() if called(parent) in {"range", "enumerate"}:
            return "bound"
        case ast.arguments():
            return "default"
        case ast.Assign() | ast.AnnAssign() if parent.value is node:
            return "initial value"
        case ast.AugAssign():
            return "increment"
    return "constant"


def alternatives(value: object, negative: bool, kind: str) -> Iterator[str]:
    """Texts of constants near a value."""
    if isinstance(value, bool):
        yield repr(not value)
    elif isinstance(value, int):
        yield from near(-value if negative else value, kind)
    elif isinstance(value, float) and value.is_integer():
        yield from (repr((-value if negative else value) + step) for step in (1.0, -1.0))
    elif isinstance(value, str):
        yield from (repr_as(other) for ring in RINGS if value in ring for other in ring if other != value)
        if len(value) == 1 and value.isalpha():
            yield repr_as(value.swapcase())
    elif value is None and kind != "default":
        yield from ("0", "False") if kind == "constant" else ("0",)


def repr_as(text: str) -> str:
    """A literal in double quotes, as ours are written."""
    return '"' + text.replace("\n", "\\n") + '"'


def near(value: int, kind: str) -> Iterator[str]:
    """Whole numbers that stand in for value by mistake."""
    if kind == "increment":
        yield from {1: ("2",), 2: ("1", "3")}.get(value, (str(value + 1), str(value - 1)))
        return
    others = {value - 1, value + 1} | ({-1, 0, 1} if abs(value) <= 1 else set())
    if value >= 10:
        others |= {value * 10} | ({value // 10} if value % 10 == 0 else set())
    yield from (str(other) for other in sorted(others - {value}))
    if value == 0 and kind in {"initial value", "constant"}:
        yield "None"


def off_by_one(view: View) -> Iterator[Change]:
    """`n + 1`, `n - 1` and `n` taken for each other where they bound something."""
    for node in view.nodes(ast.Call):
        if called(node) == "range":
            for value in node.args:
                yield from shifted(view, value, "bound")
    for cut in view.nodes(ast.Slice):
        for side in (cut.lower, cut.upper):
            if side is not None:
                yield from shifted(view, side, "bound")
    for taken in view.nodes(ast.Subscript):
        yield from shifted(view, taken.slice, "index")


def steps(view: View) -> Iterator[Change]:
    """The same where something is compared, returned or added up."""
    scopes = Scopes(view)
    for test in view.nodes(ast.Compare):
        if isinstance(test.ops[-1], (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
            yield from shifted(view, test.comparators[-1], "off by one")
    for given in view.nodes(ast.Return):
        if given.value is not None and can_count(scopes, given.value):
            yield from shifted(view, given.value, "off by one")
    for step in view.nodes(ast.BinOp):
        inner = not isinstance(view.parent(step), (ast.Slice, ast.Subscript, ast.Return, ast.Compare))
        if inner and called(view.parent(step)) != "range" and is_step(step):
            yield from shifted(view, step, "off by one")


def can_count(scopes: Scopes, node: ast.expr) -> bool:
    """Whether what is returned may be a number."""
    return isinstance(node, (ast.Call, ast.BinOp)) or (isinstance(node, ast.Name) and not scopes.gathers(node))


def shifted(view: View, node: ast.expr, kind: str) -> Iterator[Change]:
    """One more and one less than an expression."""
    text = view.text(node)
    if isinstance(node, ast.BinOp) and is_step(node):
        base = view.text(node.left)
        yield view.replaced(kind, node, base)
        yield view.replaced(kind, node, f"{base} {'-' if isinstance(node.op, ast.Add) else '+'} 1")
    elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or called(node) in {
        "len",
        "min",
        "max",
        "sum",
        "int",
    }:
        yield view.replaced(kind, node, f"{text} + 1")
        yield view.replaced(kind, node, f"{text} - 1")


def is_step(node: ast.BinOp) -> bool:
    """Whether an expression is something plus or minus 1."""
    one = isinstance(node.right, ast.Constant) and type(node.right.value) is int and node.right.value == 1
    return one and isinstance(node.op, (ast.Add, ast.Sub)) and isinstance(node.left, (*ATOMS, ast.BinOp))


def ranges(view: View) -> Iterator[Change]:
    """A range that begins one too late or too early, or lost its beginning."""
    for node in view.nodes(ast.Call):
        if called(node) == "enumerate" and len(node.args) == 1 and not node.keywords:
            yield view.replaced("bound", node, f"enumerate({view.text(node.args[0])}, 1)")
        if called(node) != "range" or not node.args:
            continue
        first = node.args[0]
        if len(node.args) == 1:
            yield view.replaced("bound", first, f"1, {view.text(first)}")
        elif len(node.args) == 2:
            yield Change("bound", view.span(first)[0], view.span(node.args[1])[0], "")


def slices(view: View) -> Iterator[Change]:
    """`x[1:]` for `x[:1]`, and ends of a slice that are missing."""
    for node in view.nodes(ast.Slice):
        lower, upper, step = (view.text(each) if each else "" for each in (node.lower, node.upper, node.step))
        tail = f":{step}" if step else ""
        others = []
        if lower or upper:
            others = [f"{upper}:{lower}{tail}"] + [f":{upper}{tail}"] * bool(lower) + [f"{lower}:{tail}"] * bool(upper)
        elif step:
            others = [":", *([f"::{step[1:]}"] if step.startswith("-") else [f"::-{step}"])]
        else:
            others = ["1:", ":-1", "::-1"]
        for other in others:
            yield view.replaced("bound", node, other)


def defaults(view: View) -> Iterator[Change]:
    """One list for all calls where None is meant, and back."""
    for function in view.nodes(*Function.__args__):
        arguments = function.args
        pairs = [
            *zip(reversed([*arguments.posonlyargs, *arguments.args]), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for name, value in pairs:
            if value is None or not is_asked(view, function, name.arg):
                continue
            for other in ("[]", "{}", "None"):
                if other != view.text(value) and "None" in {other, view.text(value)}:
                    yield view.replaced("default", value, other)


def is_asked(view: View, function: ast.AST, name: str) -> bool:
    """Whether a function asks if a name is None."""
    return any(
        isinstance(node.left, ast.Name) and node.left.id == name and isinstance(node.ops[0], (ast.Is, ast.IsNot))
        for node in view.nodes(ast.Compare)
        if function in view.above(node)
    )
