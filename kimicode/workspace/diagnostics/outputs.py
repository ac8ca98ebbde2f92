"""What checkers print, read: JSON of some, lines of others. Whatever else they print is nobody's finding."""

import re
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, RootModel, ValidationError

from kimicode.workspace.diagnostics.problems import Problem

Reading = Callable[[str], list[Problem]]
"""From an output to what was found; empty for one that cannot be understood."""

_LONGEST_LINE = 2_000
_HIGHEST_LINE = 9
"""Digits; no file has more lines than that."""


class _RuffPlace(BaseModel):
    row: int


class _Ruff(BaseModel):
    filename: str
    code: str | None
    message: str
    location: _RuffPlace


class _RuffOutput(RootModel[list[_Ruff]]):
    """`ruff check --output-format json`."""


class _EslintMessage(BaseModel):
    ruleId: str | None = None  # noqa: N815 - eslint's name
    message: str
    line: int = 1
    fatal: bool = False


class _EslintFile(BaseModel):
    filePath: str  # noqa: N815 - eslint's name
    messages: list[_EslintMessage]


class _EslintOutput(RootModel[list[_EslintFile]]):
    """`eslint --format json`."""


class _PyrightPlace(BaseModel):
    line: int
    """From 0."""


class _PyrightRange(BaseModel):
    start: _PyrightPlace


class _Pyright(BaseModel):
    file: str
    severity: str
    message: str
    rule: str = ""
    range: _PyrightRange = _PyrightRange(start=_PyrightPlace(line=0))


class _PyrightOutput(BaseModel):
    """`pyright --outputjson`."""

    generalDiagnostics: list[_Pyright]  # noqa: N815 - pyright's name


def ruff(output: str) -> list[Problem]:
    """`ruff check --output-format json`."""
    found = _parsed(_RuffOutput, output)
    rows = found.root if found else []
    return [Problem(row.filename, row.location.row, row.code or "", row.message) for row in rows]


def eslint(output: str) -> list[Problem]:
    """`eslint --format json`; a remark about the file, such as that it is ignored, has no rule and is no finding."""
    found = _parsed(_EslintOutput, output)
    files = found.root if found else []
    rows = [(file.filePath, row) for file in files for row in file.messages if row.ruleId or row.fatal]
    return [Problem(path, row.line, row.ruleId or "", row.message) for path, row in rows]


def pyright(output: str) -> list[Problem]:
    """`pyright --outputjson`; information is left out."""
    found = _parsed(_PyrightOutput, output)
    rows = found.generalDiagnostics if found else []
    told = [row for row in rows if row.severity in ("error", "warning")]
    return [Problem(row.file, row.range.start.line + 1, row.rule, row.message) for row in told]


def lines(pattern: str) -> Reading:
    """A reading of lines with groups `line`, `message` and, where the pattern has them, `path` and `code`."""
    form = re.compile(pattern)

    def reading(output: str) -> list[Problem]:
        matches = (form.match(line.rstrip()[:_LONGEST_LINE]) for line in output.split("\n"))
        fields = (match.groupdict() for match in matches if match)
        return [
            Problem(each.get("path") or "", int(each["line"]), each.get("code") or "", each["message"])
            for each in fields
            if len(each["line"]) <= _HIGHEST_LINE
        ]

    return reading


M = TypeVar("M", bound=BaseModel)


def _parsed(form: type[M], output: str) -> M | None:
    try:
        return form.model_validate_json(output)
    except ValidationError:
        return None
