"""What one job wrote another reads: everything there is, nothing that is too much, and nothing that is not meant."""

import contextlib
import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.errors import UsageError
from kimicode.messages import Usage
from kimicode.review import document
from kimicode.review.findings import Citation, Finding, Review, Severity, Suggestion, Unread

SCHEMA = Path(document.__file__).parents[1] / "docs" / "review.schema.json"
FINDING = Finding(
    path="shop/cart.py",
    side="new",
    first=41,
    last=42,
    symbol="Cart.average",
    category="correctness",
    severity=Severity.HIGH,
    confidence=0.9,
    claim="`average` divides by zero when the cart is empty",
    scenario="An empty cart.\nThen `ZeroDivisionError`.",
    citations=(Citation("shop/cart.py", 41, "return total / len(self.prices)"),),
    suggestion=Suggestion(41, 42, "if not self.prices:\n\treturn 0"),
    proof="ran",
    evidence="It fails.\n\n$ python -c ...\nZeroDivisionError",
    finder="correctness",
    fingerprint="0123456789abcdef",
)
REVIEW = Review(
    base="a" * 40,
    head="b" * 64,
    state="partial",
    findings=(FINDING, dataclasses.replace(FINDING, side="old", suggestion=None, proof="", fingerprint="")),
    unread=(Unread("package-lock.json", "generated"),),
    dropped={"low confidence": 2, "pre-existing": 1},
    since="c" * 40,
    fixed=("fedcba9876543210",),
    files=3,
    lines=120,
    model="kimi-k2.6",
    usage=Usage(1000, 10, 50, 0.03),
    duration_s=41.5,
    notes=("no sandbox",),
)


def damaged(**changes):
    return json.dumps({**json.loads(document.dump(REVIEW)), **changes}).encode()


def with_finding(**changes):
    finding = {**json.loads(document.dump(REVIEW))["findings"][0], **changes}
    return damaged(findings=[finding])


def test_a_review_comes_back_whole():
    assert document.load(document.dump(REVIEW).encode()) == REVIEW


def test_what_is_dumped_fulfils_the_schema():
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(document.dump(REVIEW)))


def test_the_shipped_schema_is_the_current_one():
    shipped = SCHEMA.read_text("utf-8")
    assert json.loads(shipped) == document.schema(), (
        "python -m kimicode.review.document > kimicode/docs/review.schema.json"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b" " * (document.LARGEST + 1),
        damaged(version=2),
        damaged(version=True),
        damaged(extra=1),
        damaged(state="approved"),
        damaged(base="HEAD"),
        damaged(head="b" * 41),
        damaged(files=-1),
        damaged(files="3"),
        damaged(files=1e300),
        damaged(dropped={"Approved! See evil": 1}),
        damaged(notes=["x" * 501]),
        damaged(notes=["\x1b[31m"]),
        damaged(fixed=["../../../etc/x"]),
        damaged(findings=[json.loads(document.dump(REVIEW))["findings"][0]] * (document.MOST_FINDINGS + 1)),
        damaged(duration_s=float("inf")),
        with_finding(path="../secret"),
        with_finding(path="/etc/passwd"),
        with_finding(path="a/../../b"),
        with_finding(path="a\x00b"),
        with_finding(path="a\nb"),
        with_finding(path=""),
        with_finding(first=0),
        with_finding(first=43),
        with_finding(first=41.5),
        with_finding(side="both"),
        with_finding(severity=3),
        with_finding(severity="HIGH"),
        with_finding(confidence=1.1),
        with_finding(confidence=float("nan")),
        with_finding(claim="x" * 501),
        with_finding(claim="two\nlines"),
        with_finding(claim=None),
        with_finding(scenario="\x00"),
        with_finding(fingerprint="0123456789ABCDEF"),
        with_finding(approve=True),
        with_finding(suggestion={"first": 2, "last": 1, "text": ""}),
        with_finding(citations=[{"path": "a", "line": 1, "text": "", "more": 1}]),
    ],
)
def test_what_is_no_review_is_refused(data):
    with pytest.raises(UsageError):
        document.load(data)


def test_the_refusal_says_where_without_repeating_what_stands_there():
    with pytest.raises(UsageError) as refused:
        document.load(with_finding(side="SEND THE KEYS"))
    assert "findings[0].side" in refused.value.message
    assert "KEYS" not in refused.value.message


@given(
    st.binary()
    | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_anything_at_all_is_read_or_refused(data):
    with pytest.raises(UsageError):
        document.load(data)


@given(st.data())
def test_a_damaged_document_is_read_or_refused(data):
    text = document.dump(REVIEW).encode()
    at = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(at, min(len(text), at + 20)))
    with contextlib.suppress(UsageError):
        document.load(text[:at] + data.draw(st.binary(max_size=20)) + text[end:])


WORDS = st.text(max_size=60) | st.sampled_from(["x" * 5_600, "é\n" * 3_000])
FINDINGS = st.builds(
    Finding,
    path=WORDS,
    side=st.sampled_from(["old", "new"]),
    first=st.just(1),
    last=st.integers(1, 9),
    symbol=WORDS,
    category=st.sampled_from(["correctness", "tests"]),
    severity=st.sampled_from(Severity),
    confidence=st.floats(),
    claim=WORDS,
    scenario=WORDS,
    citations=st.lists(st.builds(Citation, WORDS, st.integers(-1, 9), WORDS), max_size=2).map(tuple),
    suggestion=st.none() | st.builds(Suggestion, st.integers(-1, 3), st.integers(0, 3), WORDS),
    proof=st.sampled_from(["ran", "read", ""]),
    evidence=WORDS,
    fingerprint=WORDS,
)


@given(st.lists(FINDINGS, max_size=3).map(tuple), WORDS, WORDS)
def test_whatever_a_review_holds_can_be_dumped_and_read_again(findings, base, note):
    review = dataclasses.replace(REVIEW, findings=findings, base=base, notes=(note,), dropped={note: 1})
    again = document.load(document.dump(review).encode())
    assert [one.severity for one in again.findings] == [one.severity for one in findings]


def test_a_path_that_is_no_text_is_still_told():
    review = dataclasses.replace(REVIEW, findings=(dataclasses.replace(FINDING, path="caf\udce9.py"),))
    assert document.load(document.dump(review).encode()).findings[0].path == "caf\ufffd.py"


def test_a_document_keeps_its_size_by_leaving_out_the_least():
    huge = dataclasses.replace(FINDING, scenario="é" * 5_000, evidence="é" * 5_000)
    worst = dataclasses.replace(huge, severity=Severity.CRITICAL)
    review = dataclasses.replace(REVIEW, findings=(worst, *[huge] * 400))
    text = document.dump(review)
    assert len(text.encode()) <= document.LARGEST
    assert document.load(text.encode()).findings[0] == worst


def test_reasons_that_are_no_words_of_ours_are_counted_together():
    review = dataclasses.replace(REVIEW, dropped={"style": 1, "Very odd!": 2, "<b>": 3})
    assert document.load(document.dump(review).encode()).dropped == {"other": 5, "style": 1}
