"""Files that a text names: those in a failing command's output are shown with it, and so is what a Python test imports.

One look less for any model; for a small one often the only look it takes.
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from kimicode.errors import ToolError
from kimicode.workspace import reading

PATH_LIKE = re.compile(r"[\w./\\-]*\w\.\w{1,8}\b|[\w.-]+(?:/[\w.-]+)+")
MOST_FILES = 4
MOST_BYTES = 6_000
"""Larger files are not attached: the model views the part it needs."""


def named_files(text: str, root: Path) -> list[Path]:
    """Files under `root` that `text` names, in order, then the project's modules that named Python files import."""
    named: dict[Path, None] = {}
    for match in PATH_LIKE.finditer(text[-20_000:]):
        path = _inside(root, match.group())
        if path is not None:
            named[path] = None
    for path in list(named):
        if path.suffix == ".py" and len(named) < 2 * MOST_FILES:
            named.update(dict.fromkeys(_imported(path, root)))
    return list(named)


def attachable(text: str, root: Path, seen: set[str]) -> list[str]:
    """Relative names of the small, unseen text files that `text` names; at most MOST_FILES."""
    names = [str(path.relative_to(root)) for path in named_files(text, root) if _is_small_text(path)]
    return [name for name in names if name not in seen][:MOST_FILES]


def _inside(root: Path, name: str) -> Path | None:
    candidate = Path(name)
    path = candidate if candidate.is_absolute() else root / candidate
    try:
        resolved = Path(os.path.realpath(path))  # `Path.resolve` does not bear links in a circle
        return resolved if resolved.is_relative_to(root) and resolved.is_file() and ".git" not in path.parts else None
    except (OSError, ValueError):
        return None


def _imported(path: Path, root: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(reading.load_real(path, path.name))
    except (ToolError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            modules = [base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        for module in modules:
            for folder in (root, root / "src", path.parent):
                found = _inside(root, str(folder / (module.replace(".", "/") + ".py"))) if module else None
                if found is not None:
                    yield found
                    break


def _is_small_text(path: Path) -> bool:
    try:
        data = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b"\0"
    except OSError:
        return False
    return bool(data) and b"\0" not in data
