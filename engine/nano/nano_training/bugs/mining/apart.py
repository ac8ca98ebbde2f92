"""Keeps mined functions apart from what kimi-nano is judged by: held-out families, and the course's right modules."""

import ast
from collections.abc import Sequence
from pathlib import Path

from nano_training.programs import families
from nano_training.programs.clusters import are_similar

COURSE = Path(__file__).parents[3] / "course"


def judged(folder: Path = families.FOLDER, course: Path = COURSE) -> tuple[str, ...]:
    """Codes that nothing trained on may resemble."""
    held = [family.code for family in families.load(folder) if families.is_held_out(family.name)]
    return (*held, *(path.read_text("utf-8") for path in sorted(course.glob("*/fixed.py"))))


def is_apart(source: str, codes: Sequence[str]) -> bool:
    """Whether a source, or a function of it, is nearly the same as none of the codes; annotations do not count."""
    plain = ast.unparse(Bare().visit(ast.parse(source)))
    return not any(are_similar(plain, code) for code in codes)


class Bare(ast.NodeTransformer):
    """Takes annotations away."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return ast.Assign([node.target], node.value, lineno=node.lineno) if node.value else node
