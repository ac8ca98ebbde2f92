"""A finding is known again after everything around it changed, and two faults are never taken for one."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review.findings import Finding, Severity
from kimicode.review.fingerprint import fingerprint, stamped

CODE = """\
def total(items):
    for item in items:
        count += 1
    for item in items:
        count += 1
    return count


def other(items):
    count += 1
"""
FINDING = Finding("a.py", "new", 3, 3, "total", "correctness", Severity.HIGH, 0.9, "claim", "scenario")


def stamp(text=CODE, *, path="", name="", **changes):
    finding = dataclasses.replace(FINDING, **changes)
    files = {("a.py", finding.side): text.encode(), ("old.py", "old"): text.encode()}
    return stamped(finding, lambda path, side: files.get((path, side)), path=path, name=name).fingerprint


def test_it_is_sixteen_hex_digits():
    assert len(stamp()) == 16
    assert int(stamp(), 16)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "# above\n\n" + CODE, "first": 5, "last": 5},
        {"text": CODE.replace("    ", "\t")},
        {"text": CODE.replace("count += 1", "count+=1  ")},
        {"text": CODE.replace("\n", "\r\n")},
        {"text": CODE.replace("    for item", "\n    for item", 1), "first": 4, "last": 4},
        {"text": "def first():\n    count += 1\n\n\n" + CODE, "first": 7, "last": 7},
        {"claim": "other words", "scenario": "", "severity": Severity.LOW, "confidence": 0.1, "finder": "b"},
    ],
)
def test_it_stays_the_same_when_what_is_around_it_changes(changed):
    assert stamp(**changed) == stamp()


@pytest.mark.parametrize(
    "changed",
    [
        {"first": 2, "last": 2},
        {"last": 4},
        {"first": 5, "last": 5},
        {"first": 10, "last": 10, "symbol": "other"},
        {"category": "security"},
        {"name": "b.py"},
        {"text": CODE.replace("count += 1", "count += 2", 1)},
    ],
)
def test_another_fault_has_another(changed):
    assert stamp(**changed) != stamp()


def test_after_a_rename_the_old_name_gives_the_old_one():
    renamed = stamp(path="old.py", name="a.py", side="old")
    assert stamped(FINDING, lambda path, side: CODE.encode(), name="a.py").fingerprint == renamed == stamp()


def test_a_file_that_cannot_be_read_still_gives_one():
    gone = stamped(FINDING, lambda path, side: None)
    assert gone.fingerprint
    assert gone.fingerprint != stamp()


@given(st.lists(st.text("ab ", max_size=4), min_size=1, max_size=4), st.integers(0, 3))
def test_whitespace_and_blank_lines_do_not_count(code, blank):
    spaced = [f"  {line}\t" for line in code]
    spaced.insert(min(blank, len(spaced)), " ")
    assert fingerprint("p", "s", "api", spaced) == fingerprint("p", "s", "api", code)


def test_a_path_that_is_no_text_has_one_too():
    assert fingerprint("caf\udce9", "", "tests", []) != fingerprint("caf\udcea", "", "tests", [])
