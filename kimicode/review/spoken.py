"""Reports and verdicts that a model wrote as JSON instead of calling the tool: taken where they are unmistakable."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import AliasChoices, ValidationError

from kimicode.llm import repair
from kimicode.review.report import ReportArguments
from kimicode.review.verdict import VerdictArguments
from kimicode.tools.aliases import PATH
from kimicode.tools.base import Arguments

A = TypeVar("A", bound=Arguments)

MOST = 20
_PATIENCE = 100
_NESTED = ("findings", "issues", "faults", "bugs", "reports", "results", "arguments", "parameters")
_PATHS = frozenset({"path", *map(str, PATH.choices)})
_NOTHING = re.compile(
    r"\b(?:no|none|nothing|not? (?:any|a single))\b|\blooks? (?:good|fine|correct)\b|\blgtm\b|\bis correct\b|\bdone\b",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\blines?\s*:?\s*\d+|\w\.\w{1,5}:\d+|\bL\d+\b", re.IGNORECASE)


def reports_in(answer: str, path: str = "") -> list[ReportArguments]:
    """The reports of an answer, in any number of JSON values; `path` is meant where one names none."""
    given = {"path": path} if path else {}
    return list(_read(answer, ReportArguments, given))[:MOST]


def verdict_in(answer: str) -> VerdictArguments | None:
    """The verdict of an answer; None where there are several: one of them is a thought, or a quotation."""
    found = list(_read(answer, VerdictArguments, {}))
    return found[0] if len(found) == 1 else None


def speaks_of_faults(answer: str) -> bool:
    """Whether an answer names places in prose, and so seems to tell of faults that were not reported."""
    return bool(_PLACE.search(answer)) and not _NOTHING.search(answer[:200])


def _read(answer: str, kind: type[A], given: dict[str, str]) -> Iterator[A]:
    """Objects that have what the tool needs; what else they have does not matter."""
    known = _names(kind)
    for value in _values(answer):
        for entry in _entries(value):
            fields = {name: item for name, item in entry.items() if name in known and item is not None}
            if not fields.keys() & _PATHS:
                fields |= given
            try:
                yield kind.model_validate_json(json.dumps(fields))
            except (ValidationError, ValueError):
                continue


def _values(text: str) -> Iterator[Any]:
    position = failures = 0
    while failures < _PATIENCE and (start := _opening(text, position)) >= 0:
        try:
            value, position = repair.decode_at(text, start)
        except (ValueError, RecursionError):
            failures, position = failures + 1, start + 1
            continue
        yield value


def _opening(text: str, position: int) -> int:
    found = [at for at in (text.find("{", position), text.find("[", position)) if at >= 0]
    return min(found, default=-1)


def _entries(value: Any) -> Iterator[dict[str, Any]]:
    """Objects that may be reports, at most two levels down."""
    items = value if isinstance(value, list) else [value]
    for item in items:
        if not isinstance(item, dict):
            continue
        inner = next((item[name] for name in _NESTED if isinstance(item.get(name), (list, dict))), None)
        if inner is None:
            yield item
        else:
            yield from (entry for entry in (inner if isinstance(inner, list) else [inner]) if isinstance(entry, dict))


def _names(kind: type[Arguments]) -> set[str]:
    """All names under which a field may be given."""
    aliases = (field.validation_alias for field in kind.model_fields.values())
    others = (str(name) for alias in aliases if isinstance(alias, AliasChoices) for name in alias.choices)
    return {*kind.model_fields, *others}
