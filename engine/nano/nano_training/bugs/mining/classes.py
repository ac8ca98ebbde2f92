"""Small classes, parts of large ones, and methods that need no object: what of a class can be a program."""

import ast
import re
import textwrap
from collections.abc import Iterator

from nano_training.bugs.mining import cut
from nano_training.bugs.mining.harm import words
from nano_training.bugs.view import is_docstring
from nano_training.programs.splice import Parsed, Splice

WHOLE, PART = 45, 50
"""Lines of a class that is taken as it is, and of a part."""
PARTS, TRIED = 3, 12
"""Parts that are taken of one class, and methods that are looked at for them."""
FREE = 6
"""Functions that are made of one class's methods."""
METHODS = 9
STRANGE = re.compile(
    r"(Enum|Flag|NamedTuple|TypedDict|Protocol|Exception|Error|Warning|Thread|TestCase|BaseModel|Structure|Visitor)$"
)
"""Bases of classes that hold no methods of interest, or need more than themselves."""
IMPLIED = words("__len__ __iter__ __getitem__ __setitem__ __contains__ __eq__ __lt__ __bool__ __call__ __next__")
MADE = frozenset({"__init__", "__post_init__"})


def texts(source: str, node: ast.ClassDef) -> Iterator[tuple[str, cut.Definition]]:
    """(text, the definition whose docstring shows calls) of everything that one class gives."""
    for method in [each for each in node.body if isinstance(each, ast.FunctionDef) and is_free(each)][:FREE]:
        text = freed(source, method)
        if text:
            yield text, method
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    bases = [each.id if isinstance(each, ast.Name) else "Error" for each in node.bases]
    strange = (
        node.keywords or any(STRANGE.search(base) for base in bases) or any(each.name == "__new__" for each in methods)
    )
    if strange or not any(is_public(each) for each in methods):
        return
    if cut.length(node) <= 2 * WHOLE and len(methods) <= METHODS:
        text = cut.cut(source, node)
        if text.count("\n") <= WHOLE:
            yield text, node
            return
    for text in parts(source, node):
        yield text, node


# --- methods without an object ------------------------------------------------------------------------------


def is_free(method: ast.FunctionDef) -> bool:
    """Whether a method never looks at its object."""
    names = [each.id for each in method.decorator_list if isinstance(each, ast.Name)]
    if len(names) != len(method.decorator_list) or method.name.startswith("__") or cut.length(method) < cut.LEAST:
        return False
    if names == ["staticmethod"]:
        return bool(method.args.args)
    first = method.args.args[0].arg if len(method.args.args) > 1 else ""
    used = {each.id for each in ast.walk(method) if isinstance(each, ast.Name)}
    return names in ([], ["classmethod"]) and first in ("self", "cls") and not {first, "super", "__class__"} & used


def freed(source: str, method: ast.FunctionDef) -> str:
    """The method as a function; "" where that cannot be."""
    text = textwrap.dedent(cut.cut(source, method))
    try:
        parsed = Parsed(text)
    except (SyntaxError, ValueError):
        return ""
    node = parsed.tree.body[0]
    if not isinstance(node, ast.FunctionDef) or len(node.args.args) < 2 or node.args.args[0].arg not in ("self", "cls"):
        return text if isinstance(node, ast.FunctionDef) else ""
    first, following = node.args.args[:2]
    return parsed.spliced([Splice(parsed.span(first)[0], parsed.span(following)[0], "")])


# --- parts of classes ---------------------------------------------------------------------------------------


def is_public(method: ast.FunctionDef) -> bool:
    """Whether a test would call it."""
    return not method.name.startswith("_")


def parts(source: str, node: ast.ClassDef) -> Iterator[str]:
    """A class with one of its methods and what this needs, for some methods."""
    homes = {name: each for each in node.body for name in names_of(each)}
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    public = [each for each in methods if is_public(each) and not is_free(each)]
    known = {name: names_in(each, node.name) for name, each in homes.items()}
    shown: set[str] = set()
    count = 0
    for method in sorted(public, key=cut.length, reverse=True)[:TRIED]:
        if method.name in shown or cut.length(method) > PART or count == PARTS:
            continue
        names = needed(node, known, method)
        kept = [each for each in node.body if names & names_of(each)]
        text = part(source, node, kept) if sum(map(code, kept)) <= PART else ""
        if text and text.count("\n") <= PART:
            shown |= names
            count += 1
            yield text


def code(statement: ast.stmt) -> int:
    """Lines of a statement less those of its docstring."""
    body = getattr(statement, "body", [])
    return cut.length(statement) - (cut.length(body[0]) if body and is_docstring(body[0]) else 0)


def needed(node: ast.ClassDef, known: dict[str, set[str]], method: ast.FunctionDef) -> set[str]:
    """Names of the class that a method needs, its own among them; `known` is what each name uses."""
    fields = {name for each in node.body if isinstance(each, ast.AnnAssign) for name in names_of(each)}
    found = {method.name, *(MADE & known.keys()), *(fields if node.decorator_list else ())}
    waiting = sorted(found)
    while waiting:
        used = known[waiting.pop()] & known.keys()
        waiting += sorted(used - found)
        found |= used
    return found


def names_in(tree: ast.AST, owner: str) -> set[str]:
    """What a statement of a class uses of it, as `self.name`, `Owner.name` or `name`, or by its object alone."""
    found: set[str] = set()
    inner: set[int] = set()
    bare: list[int] = []
    for each in ast.walk(tree):
        if isinstance(each, ast.Attribute):
            found.add(each.attr)
            inner.add(id(each.value))
        elif isinstance(each, ast.Name):
            found.add(each.id)
            bare += [id(each)] if each.id in ("self", "cls", owner) else []
    return found if inner.issuperset(bare) else found | IMPLIED


def names_of(statement: ast.stmt) -> set[str]:
    """What a statement of a class binds."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    return cut.bound(statement) if isinstance(statement, ast.Assign | ast.AnnAssign) else set()


def part(source: str, node: ast.ClassDef, kept: list[ast.stmt]) -> str:
    """The class with some of its statements; its docstring keeps one line."""
    lines = cut.lines_of(source)
    pieces = ["\n".join(lines[node.lineno - 1 : start(node.body[0]) - 1]).rstrip()]
    if ast.get_docstring(node):
        pieces[0] += "\n" + "\n".join(lines[node.body[0].lineno - 1 : node.body[0].end_lineno]) + "\n"
    before = bool(ast.get_docstring(node))
    for each in kept:
        method = isinstance(each, ast.FunctionDef)
        gap = "\n" if method and (before or pieces[1:]) else ""
        pieces.append(gap + "\n".join(lines[start(each) - 1 : each.end_lineno]))
        before = method
    text = "\n".join(pieces)
    try:
        made = ast.parse(text).body[0]
    except (SyntaxError, ValueError):
        return "\n" * (PART + 1)
    assert isinstance(made, ast.ClassDef)
    return re.sub(r"\n{3,}", "\n\n", cut.cut(text + "\n", made))


def start(statement: ast.stmt) -> int:
    """The line where a statement begins, with its decorators."""
    return min([statement.lineno, *(int(each.lineno) for each in getattr(statement, "decorator_list", []))])
