"""SARIF that the standard's own schema accepts, and that leads back to the right lines."""

import dataclasses
import json
from pathlib import Path
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review.findings import Citation, Finding, Review, Severity, Suggestion, Unread
from kimicode.review.render.sarif import RULES, sarif

SCHEMA = jsonschema.Draft4Validator(json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text()))
FINDING = Finding(
    path="src/a b#1.py",
    side="new",
    first=3,
    last=4,
    symbol="f",
    category="security",
    severity=Severity.HIGH,
    confidence=0.9,
    claim="`f` leaks",
    scenario="When it fails.",
    citations=(Citation("b.py", 7, "x"),),
    suggestion=Suggestion(3, 4, "a\nb"),
    proof="read",
    fingerprint="0123456789abcdef",
)


def run(*findings, **changes):
    state = changes.pop("state", "complete")
    log = sarif(Review("a" * 40, "b" * 40, state, findings, files=1, lines=2, model="m", **changes))
    SCHEMA.validate(log)
    json.dumps(log)
    return log["runs"][0]


def test_a_finding_is_a_result_of_its_rule():
    result = run(FINDING)["results"][0]
    assert result["ruleId"] == "review/security"
    assert RULES[result["ruleIndex"]] == "security"
    assert result["level"] == "error"
    assert result["message"]["text"] == "`f` leaks\n\nWhen it fails."
    assert result["partialFingerprints"]["primaryLocationLineHash"] == "0123456789abcdef"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/a%20b%231.py", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 3, "endLine": 4}
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 7


def test_a_suggestion_replaces_whole_lines():
    replacement = run(FINDING)["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["deletedRegion"] == {"startLine": 3, "startColumn": 1, "endLine": 5, "endColumn": 1}
    assert replacement["insertedContent"] == {"text": "a\nb\n"}
    deleted = run(dataclasses.replace(FINDING, suggestion=Suggestion(3, 4, "")))["results"][0]["fixes"][0]
    assert deleted["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": ""}


def test_what_is_gone_has_a_file_but_no_line():
    result = run(dataclasses.replace(FINDING, side="old"))["results"][0]
    assert "region" not in result["locations"][0]["physicalLocation"]
    assert "fixes" not in result


@pytest.mark.parametrize(("severity", "level"), [(1, "note"), (2, "warning"), (3, "error"), (4, "error")])
def test_the_level_follows_the_severity(severity, level):
    assert run(dataclasses.replace(FINDING, severity=Severity(severity)))["results"][0]["level"] == level


def test_what_was_not_read_is_a_notification():
    invocation = run(unread=(Unread("big.lock", "generated"),), notes=("no sandbox",), state="partial")["invocations"][
        0
    ]
    assert invocation["executionSuccessful"]
    texts = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert texts == ["no sandbox", "Not reviewed: generated"]


def test_a_review_that_failed_was_no_success():
    assert not run(state="failed")["invocations"][0]["executionSuccessful"]


@given(st.text(min_size=1), st.text(), st.text())
def test_any_text_makes_valid_sarif_and_any_name_comes_back(path, claim, scenario):
    finding = dataclasses.replace(FINDING, path=path, claim=claim, scenario=scenario)
    uri = run(finding)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote_to_bytes(uri) == path.encode("utf-8", "surrogateescape")


def test_a_name_that_is_no_text_keeps_its_bytes():
    place = run(dataclasses.replace(FINDING, path="caf\udce9.py"))["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "caf%E9.py"
