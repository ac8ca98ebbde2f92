"""What a function's body tells of its parameters: the kinds of values that they take, and values that they meet."""

import ast
from collections.abc import Iterator

METHODS = {
    "text": (
        "lower upper split strip lstrip rstrip startswith endswith replace isdigit isalpha title capitalize "
        "splitlines encode zfill ljust rjust center partition rpartition swapcase casefold isupper islower find "
        "format isspace isnumeric isalnum rsplit translate"
    ),
    "table": "items keys values get setdefault",
    "ints": "append extend sort insert reverse",
    "set": "add union intersection difference issubset issuperset discard",
    "bytes": "decode hex",
    "date": "weekday isoweekday toordinal isocalendar year month day",
    "moment": "hour minute second tzinfo microsecond timetuple date time",
    "span": "total_seconds days seconds",
}
KINDS = {name: kind for kind, names in METHODS.items() for name in names.split()}
TAKING = {
    "range": ("int",),
    "chr": ("int",),
    "bin": ("int",),
    "abs": ("int", "float"),
    "round": ("float",),
    "sum": ("ints", "floats"),
    "sorted": ("ints", "words"),
    "len": ("text", "ints", "words"),
    "enumerate": ("ints", "words", "text"),
    "zip": ("ints", "words"),
    "reversed": ("ints", "text"),
    "set": ("ints", "words", "text"),
    "max": ("ints", "int"),
    "min": ("ints", "int"),
    "map": ("ints", "words"),
    "ord": ("char",),
    "int": ("int", "text"),
    "float": ("float", "int"),
    "iter": ("ints", "words"),
    "list": ("ints", "words", "text"),
    "tuple": ("ints", "words"),
    "dict": ("table", "pairs"),
    "sqrt": ("int", "float"),
    "compile": ("text",),
    "join": ("words",),
    "deque": ("ints", "words"),
    "Counter": ("words", "ints", "text"),
    "str": ("int", "text"),
    "isinstance": (),
}
"""By the function that a parameter is given to."""
TESTED = {
    "str": "text",
    "int": "int",
    "list": "ints",
    "dict": "table",
    "tuple": "pair",
    "bytes": "bytes",
    "float": "float",
}
NUMERIC = (ast.Mod, ast.FloorDiv, ast.Pow, ast.Sub, ast.Div, ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor)


def kinds(function: ast.AST, name: str) -> tuple[str, ...]:
    """Kinds of values that a parameter seems to take, each as often as something hints at it."""
    found: list[str] = []
    for node in ast.walk(function):
        found += hints(node, name)
    return tuple(found)


def hints(node: ast.AST, name: str) -> Iterator[str]:
    """What one node says on a parameter."""
    if isinstance(node, ast.Attribute) and is_named(node.value, name):
        if node.attr in KINDS:
            yield KINDS[node.attr]
    elif isinstance(node, ast.Call):
        yield from called(node, name)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript) and is_named(node.value.value, name):
        yield "grid"
    elif isinstance(node, ast.For | ast.comprehension) and is_named(node.iter, name):
        pairs = isinstance(node.target, ast.Tuple)
        yield from ("pairs", "pairs") if pairs else ("ints", "words")
    elif isinstance(node, ast.BinOp) and isinstance(node.op, NUMERIC):
        if is_named(node.left, name) or is_named(node.right, name):
            yield "int"
    elif isinstance(node, ast.Compare):
        yield from compared(node, name)


def called(node: ast.Call, name: str) -> Iterator[str]:
    """What a call says: of the parameter itself, or with it."""
    if is_named(node.func, name):
        yield from ("function", "test") if len(node.args) < 2 else ("binary",)
        return
    function = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if any(is_named(each, name) for each in node.args):
        if function == "isinstance" and is_named(node.args[0], name):
            for each in ast.walk(node.args[-1]):
                if isinstance(each, ast.Name) and each.id in TESTED:
                    yield TESTED[each.id]
        elif function in ("map", "filter", "reduce") and is_named(node.args[0], name):
            yield "binary" if function == "reduce" else "function"
        else:
            yield from TAKING.get(function, ())


def compared(node: ast.Compare, name: str) -> Iterator[str]:
    """What a comparison with a constant says."""
    for one, other in zip([node.left, *node.comparators], [*node.comparators, node.left], strict=True):
        if is_named(one, name) and isinstance(other, ast.Constant):
            if type(other.value) in (int, float):
                yield "int"
            elif isinstance(other.value, str):
                yield "text"


def is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def met(function: ast.AST, name: str) -> tuple[str, ...]:
    """Constants that a parameter is compared with, as they are written: what it takes, and its neighbours."""
    found: list[str] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and any(is_named(each, name) for each in (node.left, *node.comparators)):
            for each in (node.left, *node.comparators):
                inner = each.elts if isinstance(each, ast.Tuple | ast.List | ast.Set) else [each]
                for one in inner:
                    if isinstance(one, ast.Constant):
                        found += near(one.value)
    return tuple(dict.fromkeys(found))


def near(value: object) -> list[str]:
    """A constant and what is next to it."""
    if isinstance(value, str) and value.isascii() and value.isprintable() and 0 < len(value) <= 20:
        return ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"']
    if type(value) is int and -1000 < value < 5000:
        return [str(value - 1), str(value), str(value + 1)]
    return []


def pieces(tree: ast.AST) -> tuple[str, ...]:
    """Short texts that a source has among its constants, docstrings aside."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    said |= {
        id(each) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.Raise) for each in ast.walk(node)
    }
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    ]
    return tuple(dict.fromkeys(each for each in found if 0 < len(each) <= 8 and each.isascii() and each.isprintable()))
