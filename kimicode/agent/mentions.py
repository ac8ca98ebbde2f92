"""Files that a text names: those in a failing command's output are shown with it, and so is what a Python test imports.

One look less for any model; for a small one often the only look it takes.
"""

import ast
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from kimicode.errors import ToolError
from kimicode.workspace import reading

WORD = re.compile(r"[\w./\\-]+")
"""All that a path may lie in: to search each word once is quicker than to search the text."""
PATH_LIKE = re.compile(r"[\w./\\-]*\w\.\w{1,8}\b|[\w.-]+(?:/[\w.-]+)+")
MOST_FILES = 4
MOST_BYTES = 6_000
"""Larger files are not attached: the model views the part it needs."""


def named_files(text: str, root: Path) -> list[Path]:
    """Files under `root` that `text` names, in order, then the project's modules that named Python files import."""
    named: dict[Path, None] = {}
    words = (word for word in dict.fromkeys(WORD.findall(text[-20_000:])) if "." in word or "/" in word)
    for name in dict.fromkeys(name for word in words for name in PATH_LIKE.findall(word)):
        path = _inside(root, name)
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
    if not os.path.isfile(path):
        return None
    try:
        resolved = Path(os.path.realpath(path))  # `Path.resolve` does not bear links in a circle
        return resolved if resolved.is_relative_to(root) and ".git" not in path.parts else None
    except (OSError, ValueError):
        return None


def _imported(path: Path, root: Path) -> Iterator[Path]:
    try:
        modules = _modules(reading.load_real(path, path.name))
    except (ToolError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    folders = dict.fromkeys((root, root / "src", path.parent))
    for module in modules:
        for folder in folders:
            found = _inside(root, str(folder / (module.replace(".", "/") + ".py")))
            if found is not None:
                yield found
                break


@lru_cache(16)
def _modules(source: bytes) -> tuple[str, ...]:
    """Names of what may be modules in the imports of a Python source, which tests show again and again."""
    names: dict[str, None] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names |= dict.fromkeys((base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)))
        elif isinstance(node, ast.Import):
            names |= dict.fromkeys(alias.name for alias in node.names)
    return tuple(filter(None, names))


def _is_small_text(path: Path) -> bool:
    try:
        data = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b"\0"
    except OSError:
        return False
    return bool(data) and b"\0" not in data
