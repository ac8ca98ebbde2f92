"""Takes out of a module's text what only its package knows: annotations with foreign names, and its own exceptions."""

import ast
import builtins
import re
from collections.abc import Iterator

from nano_training.programs.splice import Parsed, Splice

BUILTINS = frozenset(dir(builtins))
PUT = "ValueError"
"""What is raised and caught instead of a package's own exceptions."""
DEFAULT = re.compile(rb"\s*=\s*(?!=)")
NAMED = re.compile(r"(Error|Exception|Warning|Exc|Failure|Invalid\w*)$")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def tidied(source: str, allowed: frozenset[str]) -> str:
    """The same module with less that it needs of others. Raises SyntaxError, ValueError."""
    parsed = Parsed(source)
    known = BUILTINS | available(parsed.tree, allowed)
    made = parsed.spliced([*annotations(parsed, known), *errors(parsed, allowed)])
    try:
        ast.parse(made)
    except SyntaxError:
        return source
    return made


def available(tree: ast.Module, allowed: frozenset[str]) -> set[str]:
    """Names that imports from allowed modules bind at the top."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module in allowed:
            names |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.Import):
            names |= {each.asname or each.name for each in node.names if each.name in allowed}
    return names


# --- annotations --------------------------------------------------------------------------------------------


def annotations(parsed: Parsed, known: set[str] | frozenset[str]) -> Iterator[Splice]:
    """Of a function all are taken away where one cannot be read here."""
    fields = {id(each) for node in parsed.nodes if isinstance(node, ast.ClassDef) for each in node.body}
    for node in parsed.nodes:
        if isinstance(node, Function):
            yield from signature(parsed, node, known)
        elif isinstance(node, ast.AnnAssign) and node.value is not None and id(node) not in fields:
            if is_readable(node.annotation, known):
                continue
            yield Splice(parsed.span(node.target)[1], parsed.span(node.annotation)[1], "")


def signature(parsed: Parsed, node: Function, known: set[str] | frozenset[str]) -> Iterator[Splice]:
    """One function's annotations away, if any of them is foreign."""
    every = [each for each in ast.walk(node.args) if isinstance(each, ast.arg) and each.annotation is not None]
    stated = [each.annotation for each in every if each.annotation] + ([node.returns] if node.returns else [])
    if all(is_readable(each, known) for each in stated):
        return
    for each in every:
        assert each.annotation is not None
        start, end = parsed.span(each)[0] + len(each.arg.encode()), parsed.span(each.annotation)[1]
        default = DEFAULT.match(parsed.data, end)
        yield Splice(start, default.end() if default else end, "=" if default else "")
    if node.returns is not None:
        start, end = parsed.span(node.returns)
        yield Splice(parsed.data.rindex(b")", 0, start) + 1, end, "")


def is_readable(annotation: ast.expr, known: set[str] | frozenset[str]) -> bool:
    """Whether an annotation says something without the package."""
    return all(
        each.id in known if isinstance(each, ast.Name) else not isinstance(each, ast.Attribute)
        for each in ast.walk(annotation)
        if isinstance(each, ast.Name | ast.Attribute)
    ) and not any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in ast.walk(annotation))


# --- exceptions ---------------------------------------------------------------------------------------------


def errors(parsed: Parsed, allowed: frozenset[str]) -> Iterator[Splice]:
    """A package's own exceptions give way to a built-in one."""
    own = exceptions(parsed.tree, allowed)
    for node in parsed.nodes:
        if isinstance(node, ast.Raise) and node.exc is not None:
            call = node.exc if isinstance(node.exc, ast.Call) else None
            kind = call.func if call else node.exc
            if (last(kind) in own or last(kind) == "Exception") and not (call and call.keywords):
                yield parsed.replace(kind, PUT)
        elif isinstance(node, ast.ExceptHandler) and node.type is not None:
            each = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            said = [PUT if last(one) in own else parsed.text(one) for one in each]
            if PUT in said and any(last(one) in own for one in each):
                kinds = list(dict.fromkeys(said))
                yield parsed.replace(node.type, kinds[0] if len(kinds) == 1 else f"({', '.join(kinds)})")


def exceptions(tree: ast.Module, allowed: frozenset[str]) -> set[str]:
    """Names of exceptions that are no built-in ones: the module's own, and those of others."""
    own = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(NAMED.search(last(base)) for base in node.bases)
    }
    used = {last(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)}
    known = BUILTINS | available(tree, allowed)
    return own | {name for name in used if NAMED.search(name) and name[0].isupper() and name not in known}


def last(node: ast.AST) -> str:
    """The last part of a dotted name, "" for anything else."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
