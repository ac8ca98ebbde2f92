"""Blocks of statements as text that can stand at another depth."""

import ast
from collections.abc import Sequence

from nano_training.programs.splice import Parsed, Splice

STEP = 4


def block(parsed: Parsed, statements: Sequence[ast.stmt], depth: int) -> list[str]:
    """The lines of statements that follow each other, moved to a depth of so many spaces."""
    first, last = statements[0], statements[-1]
    assert last.end_lineno is not None
    lines = parsed.source.split("\n")[first.lineno - 1 : last.end_lineno]
    return [" " * depth + line[first.col_offset :] if line.strip() else "" for line in lines]


def whole(parsed: Parsed, first: ast.stmt, last: ast.stmt, lines: Sequence[str]) -> Splice:
    """Whole lines in the place of statements that follow each other."""
    return Splice(parsed.lines(first)[0], parsed.lines(last)[1], "\n".join([*lines, ""]))


def is_apart(parsed: Parsed, *bodies: Sequence[ast.stmt]) -> bool:
    """Whether every one of these bodies stands on lines of its own, none of which belongs to a long string."""
    lines = parsed.source.split("\n")
    return all(
        not lines[body[0].lineno - 1][: body[0].col_offset].strip()
        and not any('"""' in line for line in lines[body[0].lineno - 1 : body[-1].end_lineno])
        for body in bodies
    )


def bodies(node: ast.AST) -> list[list[ast.stmt]]:
    """The lists of statements that a node holds itself."""
    found = [getattr(node, field, None) for field in ("body", "orelse", "finalbody")]
    return [one for one in found if isinstance(one, list) and one and isinstance(one[0], ast.stmt)]


def is_used(parsed: Parsed, name: str) -> bool:
    """Whether anything is called so."""
    return any(
        name in (getattr(node, "id", None), getattr(node, "arg", None), getattr(node, "name", None))
        for node in parsed.nodes
    )


def unused(parsed: Parsed, *candidates: str) -> str | None:
    """The first name that is free."""
    return next((name for name in candidates if not is_used(parsed, name)), None)
