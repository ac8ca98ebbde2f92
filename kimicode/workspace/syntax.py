"""A cheap look at whether an edit broke a file's syntax: Python, JSON and TOML, with what the standard library has."""

import re
from pathlib import PurePath

_LARGEST = 500_000
"""Characters beyond which parsing would be felt."""


def broken_by(path: PurePath, before: str | None, after: str) -> str:
    """A one-line warning if `after` does not parse although `before` did (or is None, a new file); else empty."""
    problem = _problem(path.suffix, after)
    if not problem or (before is not None and before.strip() and _problem(path.suffix, before)):
        return ""
    return f"warning: syntax error {problem}"


def _problem(suffix: str, text: str) -> str:
    if len(text) > _LARGEST:
        return ""
    match suffix:
        case ".py" | ".pyi":
            return _python(text)
        case ".json":
            return _json(text)
        case ".toml":
            return _toml(text)
    return ""


def _python(text: str) -> str:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return f"in line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f": {error or type(error).__name__}"
    return ""


def _json(text: str) -> str:
    import json

    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"in line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError) as error:
        return f": {error}"
    return ""


def _toml(text: str) -> str:
    import tomllib

    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        return f"in line {line[1]}: {error}" if line else f": {error}"
    return ""
