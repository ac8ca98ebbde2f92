"""A review as a JSON document: from the job that analyses to the one that posts, and for any other program.

What is read may have been written by anybody: every field is bounded, none is unknown, and nothing of it is believed
but its form. `python -m kimicode.review.document` prints the JSON Schema.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kimicode.errors import UsageError
from kimicode.messages import Usage
from kimicode.review.findings import (
    Category,
    Citation,
    Finding,
    Proof,
    Review,
    Severity,
    State,
    Suggestion,
    Unread,
)

LARGEST = 5_000_000
"""Bytes of a document."""
MOST_FINDINGS, MOST_UNREAD, MOST_FIXED = 300, 3_000, 1_000
MOST_CITATIONS, MOST_NOTES, MOST_REASONS = 10, 50, 30

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
_COMMIT = r"^([0-9a-f]{40}|[0-9a-f]{64})?$"


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("a path inside of the repository is expected")
    return path


Path = Annotated[str, Field(min_length=1, max_length=1_024, pattern=_LINE), AfterValidator(_inside)]
Commit = Annotated[str, Field(pattern=_COMMIT)]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Short = Annotated[str, Field(max_length=200, pattern=_LINE)]
Long = Annotated[str, Field(max_length=5_000, pattern=_TEXT)]
Note = Annotated[str, Field(max_length=500, pattern=_LINE)]
Number = Annotated[int, Field(ge=0, le=10**12)]
LineNumber = Annotated[int, Field(ge=1, le=10**9)]
Reason = Annotated[str, Field(pattern=r"^[a-z][a-z -]{0,39}$")]
SeverityName = Literal["low", "medium", "high", "critical"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class _Citation(_Strict):
    path: Path
    line: LineNumber
    text: Note


class _Range(_Strict):
    first: LineNumber
    last: LineNumber

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError("last comes before first")
        return self


class _Suggestion(_Range):
    text: Long


class _Finding(_Range):
    path: Path
    side: Literal["old", "new"]
    symbol: Short
    category: Category
    severity: SeverityName
    confidence: float = Field(ge=0, le=1)
    claim: Note
    scenario: Long
    citations: tuple[_Citation, ...] = Field((), max_length=MOST_CITATIONS)
    suggestion: _Suggestion | None = None
    proof: Proof = ""
    evidence: Long = ""
    finder: Short = ""
    fingerprint: Fingerprint | Literal[""] = ""


class _Unread(_Strict):
    path: Path
    why: Short


class _Usage(_Strict):
    input_tokens: Number = 0
    cached_tokens: Number = 0
    output_tokens: Number = 0
    price: float | None = Field(None, ge=0, le=1e9)
    estimated: bool = False


class _Document(_Strict):
    """A review by kimicode. Lines count from 1; `price` is in US dollars, `duration_s` in seconds."""

    version: int = Field(ge=1, le=1)
    base: Commit
    head: Commit
    state: State
    findings: tuple[_Finding, ...] = Field((), max_length=MOST_FINDINGS)
    unread: tuple[_Unread, ...] = Field((), max_length=MOST_UNREAD)
    dropped: dict[Reason, Number] = Field({}, max_length=MOST_REASONS)
    since: Commit = ""
    fixed: tuple[Fingerprint, ...] = Field((), max_length=MOST_FIXED)
    files: Number = 0
    lines: Number = 0
    model: Short = ""
    usage: _Usage = Field(default_factory=lambda: _Usage(price=None))
    duration_s: float = Field(0.0, ge=0, le=1e9)
    notes: tuple[Note, ...] = Field((), max_length=MOST_NOTES)


def dump(review: Review) -> str:
    """The document, with a line end. What does not fit is cut or left out, so that `load` reads whatever is dumped."""
    findings, unread = review.findings[:MOST_FINDINGS], review.unread[:MOST_UNREAD]
    text = _dumped(review, findings, unread)
    while len(text.encode()) > LARGEST:
        findings, unread = findings[: len(findings) // 2], unread[: len(unread) // 2]
        text = _dumped(review, findings, unread)
    return text


def load(data: bytes) -> Review:
    """The review of a document. Raises UsageError where it is none, and nothing else."""
    if len(data) > LARGEST:
        raise UsageError(f"the review is larger than {LARGEST:,} bytes")
    try:
        document = _Document.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        what = f"{where} {first['msg']}".strip(". ")
        raise UsageError(f"this is no review: {_cut(what, 200)}") from error
    return _review(document)


def schema() -> dict[str, Any]:
    """The JSON Schema of a document."""
    title = "A review by kimicode review --output json"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_Document.model_json_schema(), "title": title}


# --- from a document ----------------------------------------------------------------------------------------


def _review(document: _Document) -> Review:
    plain = {name: getattr(document, name) for name in _SAME}
    return Review(
        **plain,
        findings=tuple(map(_finding, document.findings)),
        unread=tuple(Unread(one.path, one.why) for one in document.unread),
        dropped=dict(document.dropped),
        usage=Usage(**document.usage.model_dump()),
    )


_SAME = ("base", "head", "state", "since", "fixed", "files", "lines", "model", "duration_s", "notes")


def _finding(finding: _Finding) -> Finding:
    fields = {name: getattr(finding, name) for name in _Finding.model_fields}
    suggestion = finding.suggestion
    return Finding(
        **fields
        | {
            "severity": Severity[finding.severity.upper()],
            "citations": tuple(Citation(one.path, one.line, one.text) for one in finding.citations),
            "suggestion": suggestion and Suggestion(suggestion.first, suggestion.last, suggestion.text),
        }
    )


# --- to a document ------------------------------------------------------------------------------------------


def _dumped(review: Review, findings: Iterable[Finding], unread: Iterable[Unread]) -> str:
    document = _Document(
        version=1,
        base=_matching(_COMMIT, review.base),
        head=_matching(_COMMIT, review.head),
        state=review.state,
        findings=tuple(map(_written, findings)),
        unread=tuple(_Unread(path=_path(one.path), why=_cut(one.why, 200)) for one in unread),
        dropped=_counted(review.dropped),
        since=_matching(_COMMIT, review.since),
        fixed=tuple(filter(None, (_matching("[0-9a-f]{16}", one) for one in review.fixed)))[:MOST_FIXED],
        files=review.files,
        lines=review.lines,
        model=_cut(review.model, 200),
        usage=_Usage(**dataclasses.asdict(review.usage)),
        duration_s=review.duration_s,
        notes=tuple(_cut(note, 500) for note in review.notes[:MOST_NOTES]),
    )
    return document.model_dump_json(indent=1) + "\n"


def _written(finding: Finding) -> _Finding:
    plain = {name: getattr(finding, name) for name in ("side", "first", "last", "category", "proof")}
    return _Finding(
        **plain,
        path=_path(finding.path),
        symbol=_cut(finding.symbol, 200),
        severity=_NAMES[finding.severity],
        confidence=min(1.0, max(0.0, finding.confidence)),
        claim=_cut(finding.claim, 500),
        scenario=_long(finding.scenario),
        citations=tuple(map(_cited, finding.citations[:MOST_CITATIONS])),
        suggestion=_suggested(finding.suggestion),
        evidence=_long(finding.evidence),
        finder=_cut(finding.finder, 200),
        fingerprint=_matching("[0-9a-f]{16}", finding.fingerprint),
    )


_NAMES: dict[Severity, SeverityName] = {
    Severity.LOW: "low",
    Severity.MEDIUM: "medium",
    Severity.HIGH: "high",
    Severity.CRITICAL: "critical",
}


def _counted(dropped: Mapping[str, int]) -> dict[str, int]:
    counts = Counter[str]()
    for reason, count in dropped.items():
        counts[_matching(r"[a-z][a-z -]{0,39}", reason) or "other"] += count
    return dict(counts.most_common(MOST_REASONS))


def _cited(citation: Citation) -> _Citation:
    return _Citation(path=_path(citation.path), line=max(1, citation.line), text=_cut(citation.text, 500))


def _suggested(suggestion: Suggestion | None) -> _Suggestion | None:
    """None where it would have to be changed: half a suggestion is a wrong one."""
    if suggestion is None or not 1 <= suggestion.first <= suggestion.last or _long(suggestion.text) != suggestion.text:
        return None
    return _Suggestion(first=suggestion.first, last=suggestion.last, text=suggestion.text)


def _path(path: str) -> str:
    """A path as far as it is text; one that is not names no file any more."""
    parts = ("_" if part == ".." else part for part in path.lstrip("/").split("/"))
    return _cut("/".join(parts), 1_024) or "_"


def _cut(text: str, most: int) -> str:
    """One line of at most `most` characters."""
    text = re.sub(r"[\t\r\n]", " ", _UNFIT.sub("\ufffd", text))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _long(text: str) -> str:
    text = _UNFIT.sub("\ufffd", text)
    return text if len(text) <= 5_000 else f"{text[:4_999]}…"


def _matching(pattern: str, text: str) -> str:
    return text if re.fullmatch(pattern, text) else ""


if __name__ == "__main__":
    import json
    import sys

    sys.stdout.write(json.dumps(schema(), indent=1) + "\n")
