"""A review in SARIF 2.1.0, for code scanning and for editors (the OASIS standard's section numbers stand beside)."""

from typing import Any, get_args
from urllib.parse import quote

from kimicode import __version__
from kimicode.review.findings import Category, Finding, Review, Severity
from kimicode.review.render import words

Json = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SECURITY = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_TITLES: dict[Category, str] = {
    "correctness": "Wrong result or crash",
    "security": "Weakness that somebody can use",
    "concurrency": "Race, deadlock or lost update",
    "api": "Misuse of an interface",
    "tests": "Test that cannot fail",
}
RULES: tuple[Category, ...] = get_args(Category)


def sarif(review: Review) -> Json:
    """One run, with a rule for each kind of fault. What was not read is a notification of the invocation (3.20.21)."""
    run: Json = {
        "tool": {"driver": {"name": "kimicode", "semanticVersion": __version__, "rules": list(map(_rule, RULES))}},
        "automationDetails": {"id": "kimicode/review/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(review)],
        "results": list(map(_result, review.findings)),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(category: Category) -> Json:
    return {
        "id": f"review/{category}",
        "name": f"Review{category.capitalize()}",
        "shortDescription": {"text": _TITLES[category]},
        "properties": {"tags": ["review", category]},
    }


def _invocation(review: Review) -> Json:
    unread = [
        {"level": "warning", "message": {"text": f"Not reviewed: {one.why}"}, "locations": [_location(one.path)]}
        for one in review.unread
    ]
    notes = [{"level": "warning", "message": {"text": note}} for note in review.notes]
    return {
        "executionSuccessful": review.state != "failed",
        "toolExecutionNotifications": [*notes, *unread],
        "properties": {"state": review.state, "cost": words.cost(review)},
    }


def _result(finding: Finding) -> Json:
    result: Json = {
        "ruleId": f"review/{finding.category}",
        "ruleIndex": RULES.index(finding.category),
        "level": _LEVELS[finding.severity],
        "rank": round(100 * finding.confidence, 1),
        "message": {"text": "\n\n".join(filter(None, (finding.claim, finding.scenario)))},
        # A line that is gone has no place in the scanned tree.
        "locations": [_location(finding.path, *((finding.first, finding.last) if finding.side == "new" else ()))],
        "relatedLocations": [
            _location(cited.path, cited.line, cited.line) | {"id": number}
            for number, cited in enumerate(finding.citations, 1)
        ],
        "properties": {"severity": finding.severity.label, "confidence": finding.confidence, "proof": finding.proof},
    }
    if finding.category == "security":
        result["properties"]["security-severity"] = _SECURITY[finding.severity]
    if finding.fingerprint:
        # GitHub compares results of two runs by the first name alone.
        result["partialFingerprints"] = dict.fromkeys(
            ("primaryLocationLineHash", "kimicodeReview/v1"), finding.fingerprint
        )
    if finding.suggestion is not None and finding.side == "new":
        result["fixes"] = [_fix(finding)]
    return result


def _location(path: str, first: int = 0, last: int = 0) -> Json:
    physical: Json = {"artifactLocation": _artifact(path)}
    if first:
        physical["region"] = {"startLine": first, "endLine": last}
    return {"physicalLocation": physical}


def _artifact(path: str) -> Json:
    """A relative reference (3.4.3). Bytes of a name that are no UTF-8 are escaped as they are."""
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": "SRCROOT"}


def _fix(finding: Finding) -> Json:
    """Whole lines are replaced: from the start of the first to the start of the one behind the last (3.57)."""
    suggestion = finding.suggestion
    assert suggestion is not None
    text = f"{suggestion.text}\n" if suggestion.text else ""
    region = {"startLine": suggestion.first, "startColumn": 1, "endLine": suggestion.last + 1, "endColumn": 1}
    replacement = {"deletedRegion": region, "insertedContent": {"text": text}}
    change = {"artifactLocation": _artifact(finding.path), "replacements": [replacement]}
    return {"description": {"text": "As suggested in the review"}, "artifactChanges": [change]}
