"""Types of parameters and results, as a programmer would note them, learnt from what examples hand in and get."""

import ast
import random
from collections.abc import Iterator, Mapping, Sequence

from nano_training.programs.families import Example
from nano_training.programs.outcome import UnfitError, namespace, outcome
from nano_training.programs.splice import Parsed, Splice, read

Hints = Mapping[tuple[str, str], str]


def hinted(code: str, examples: Sequence[Example], rng: random.Random) -> str:
    """The code with hints wherever the examples agree on one."""
    texts = [example.drawn(rng) for example in examples]
    parsed = read(code)
    functions = dict(callees(parsed))
    seen: dict[tuple[str, str], list[str]] = {}
    names = namespace(code)
    for text in texts:
        tree = ast.parse(text)
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and name_of(call.func) in functions:
                for parameter, value in handed(functions[name_of(call.func)], call):
                    seen.setdefault((name_of(call.func), parameter), []).append(value)
        last = tree.body[-1]
        if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and name_of(last.value.func) in functions:
            found = result(names, text)
            if found:
                seen.setdefault((name_of(last.value.func), "return"), []).append(found)
    agreed = {key: one for key, kinds in seen.items() if (one := together(kinds))}
    return parsed.spliced(splices(parsed, functions, agreed))


def callees(parsed: Parsed) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Whatever an example can call: functions, methods, and classes by what makes their objects."""
    for node in parsed.nodes:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("__") and not node.decorator_list:
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((node.name, one) for one in node.body if getattr(one, "name", "") == "__init__")  # type: ignore[misc]


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def handed(function: ast.FunctionDef, call: ast.Call) -> Iterator[tuple[str, str]]:
    """(parameter, type) of the literals in a call."""
    parameters = [arg.arg for arg in function.args.args if arg.arg not in ("self", "cls")]
    pairs = [*zip(parameters, call.args, strict=False), *((one.arg or "", one.value) for one in call.keywords)]
    for name, node in pairs:
        try:
            kind = written(ast.literal_eval(node))
        except (ValueError, TypeError):
            continue
        if kind:
            yield name, kind


def result(names: dict[str, object], text: str) -> str | None:
    """The type of what an example gives; nothing where it raises."""
    try:
        value = outcome(names, text).value
    except UnfitError:
        return None
    return None if value is None else written(ast.literal_eval(value))


def written(value: object) -> str | None:
    """A type as it is noted; nothing where its parts have several, `list` and so on where there are no parts."""
    if value is None or type(value) in (int, str, bool, float):
        return "None" if value is None else type(value).__name__
    if type(value) in (list, set):
        parts = {written(one) for one in value}  # type: ignore[attr-defined]
        inner = together([part or "" for part in sorted(parts, key=str)])
        return f"{type(value).__name__}[{inner}]" if inner else None if parts else type(value).__name__
    if type(value) is tuple:
        kinds = [written(one) for one in value]
        return f"tuple[{', '.join(map(str, kinds))}]" if kinds and None not in kinds else None
    if type(value) is dict:
        keys, values = written(list(value)), written(list(value.values()))
        if not value:
            return "dict"
        return f"dict[{keys[5:-1]}, {values[5:-1]}]" if keys and values else None
    return None


def together(kinds: Sequence[str]) -> str | None:
    """One type for several, if there is one."""
    found = set(kinds)
    for kind in ("list", "dict", "set"):
        if any(one.startswith(f"{kind}[") for one in found):
            found.discard(kind)
    optional = "None" in found and len(found) > 1
    found -= {"None"} if optional else set()
    if found == {"int", "float"}:
        found = {"float"}
    if len(found) != 1:
        return None
    one = found.pop()
    return (f"{one} | None" if optional else one) or None


def splices(parsed: Parsed, functions: Mapping[str, ast.FunctionDef], agreed: Hints) -> Iterator[Splice]:
    for name, function in functions.items():
        arguments = function.args.args
        plain = len(arguments) - len(function.args.defaults)
        for at, arg in enumerate(arguments):
            hint = agreed.get((name, arg.arg))
            if hint and arg.annotation is None:
                _, end = parsed.span(arg)
                until = parsed.span(function.args.defaults[at - plain])[0] if at >= plain else end
                absent = at >= plain and parsed.text(function.args.defaults[at - plain]) == "None"
                optional = " | None" if absent and "None" not in hint else ""
                yield Splice(end, until, f": {hint}{optional}" + " = " * (at >= plain))
        hint = "None" if function.name == "__init__" else agreed.get((name, "return"))
        if hint and function.returns is None:
            start = parsed.span(function)[0]
            head = parsed.data[start : parsed.lines(function.body[0])[0]].rfind(b"):")
            if head > 0:
                yield Splice(start + head + 1, start + head + 1, f" -> {hint}")
