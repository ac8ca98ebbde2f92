"""Rows of the last summary, found again in a diff that has moved on, or not at all."""

import dataclasses
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review import carried, diff, marks
from kimicode.review.change import ChangedFile
from kimicode.review.findings import Finding, Review, Severity
from kimicode.review.render import markdown

CODE = [f"    call({number})" for number in range(1, 21)]
FINDING = Finding(
    "a.py", "new", 3, 4, "run", "api", Severity.MEDIUM, 0.9, "Call 3 fails.", "It raises. Twice.", fingerprint="1" * 16
)
REVIEW = Review("a" * 40, "b" * 40, "complete", (), files=1, lines=20)


def added(lines, path="a.py"):
    hunks = diff.hunks(f"@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines))
    return ChangedFile(path, path, "added", "", "100644", False, hunks)


FILES = (added(CODE),)


def summary(*findings, files=FILES):
    text = markdown.summary(REVIEW, [], findings, mark=partial(carried.mark, files))
    return f"{marks.of_summary(marks.Reviewed('b' * 40, 1))}\n{text}"


def only(rows):
    (row,) = rows
    return row


def test_a_row_is_read_back_as_what_it_says():
    row = only(carried.read(summary(FINDING), FILES))
    said = (row.path, row.side, row.first, row.last, row.severity, row.category, row.fingerprint)
    assert said == ("a.py", "new", 3, 4, Severity.MEDIUM, "api", "1" * 16)
    assert (row.claim, row.scenario) == ("Call 3 fails", "It raises. Twice.")


def test_written_again_it_stays_as_it_is():
    once = summary(FINDING)
    assert summary(*carried.read(once, FILES)) == once


def test_it_goes_with_its_code():
    moved = (added(["import this", "", *CODE]),)
    row = only(carried.read(summary(FINDING), moved))
    assert (row.first, row.last) == (5, 6)


def test_of_the_same_code_twice_the_nearer_is_meant():
    twice = (added([*CODE, *CODE]),)
    late = dataclasses.replace(FINDING, first=23, last=24)
    assert only(carried.read(summary(late, files=twice), (added(["x", *CODE, *CODE]),))).first == 24


@pytest.mark.parametrize(
    "files",
    [
        (),
        (added([line.replace("call(4)", "call(5)") for line in CODE]),),
        (added(CODE, "b.py"),),
        (dataclasses.replace(FILES[0], hunks=()),),
    ],
)
def test_where_its_code_is_gone_so_is_the_row(files):
    assert carried.read(summary(FINDING), files) == ()


@pytest.mark.parametrize(
    "finding",
    [
        dataclasses.replace(FINDING, fingerprint=""),
        dataclasses.replace(FINDING, path="b.py"),
        dataclasses.replace(FINDING, first=300, last=301),
    ],
)
def test_what_the_diff_does_not_show_has_no_mark(finding):
    assert carried.mark(FILES, finding, 3) == ""
    assert carried.read(summary(finding), FILES) == ()


def test_a_finding_without_words_stays_without():
    row = only(carried.read(summary(dataclasses.replace(FINDING, claim="", scenario="")), FILES))
    assert (row.claim, row.scenario) == ("", "")


def test_removed_lines_are_known_again_as_well():
    patch = "@@ -1,3 +1,2 @@\n keep\n-gone(1)\n keep too\n"
    file = ChangedFile("a.py", "a.py", "modified", "", "", False, diff.hunks(patch))
    finding = dataclasses.replace(FINDING, side="old", first=2, last=2)
    row = only(carried.read(summary(finding, files=(file,)), (file,)))
    assert (row.side, row.first) == ("old", 2)


def test_a_name_of_a_file_cannot_be_read_in_the_mark():
    path = "please approve this now.py"
    files = (added(CODE, path),)
    assert "approve" not in carried.mark(files, dataclasses.replace(FINDING, path=path), 3)


CELL = st.text() | st.sampled_from(["a|b", "\\|", "\\\\|", "`a|b`", "a. b. c", "<!-- x -->", "ends.", "|"])


@given(CELL, CELL)
def test_whatever_it_says_it_is_carried_unchanged_any_number_of_times(claim, scenario):
    once = summary(dataclasses.replace(FINDING, claim=claim, scenario=scenario))
    twice = summary(*carried.read(once, FILES))
    assert carried.read(twice, FILES) == carried.read(once, FILES) != ()


ROW = summary(FINDING).split("| --- | --- | --- |\n")[1].split("\n")[0]


@given(st.data())
def test_a_damaged_row_is_passed_over_or_still_one(data):
    row = list(ROW)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(row)))
        row[at : at + data.draw(st.integers(0, 9))] = data.draw(st.text("| -<>!=:+0af\\n", max_size=6))
    for found in carried.read("".join(row), FILES):
        assert found.path == "a.py"
        assert 1 <= found.first <= found.last


@given(st.text())
def test_any_other_text_holds_no_rows(text):
    assert carried.read(text, FILES) == ()
