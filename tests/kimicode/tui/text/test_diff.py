"""Diffs, above each other and next to each other: every byte is seen, every number is right."""

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.palette import DARK, Look
from kimicode.tui.text.diff import side_by_side, unified
from kimicode.tui.text.patch import Row, rows
from kimicode.tui.text.words import changes

LOOK = Look(DARK)
DIFF = """--- a/src/app.py
+++ b/src/app.py
@@ -9,5 +9,6 @@ def main():
 same = 1
-old = compute(alpha, beta)
+new = compute(alpha, gamma)
+added = True
 x = 2
--- not a file
+tail
\\ No newline at end of file
@@ -40 +41 @@
-b
+c\r
"""


def painted(lines):
    return [line.strip.text.rstrip() for line in lines]


def test_numbers_signs_and_marks():
    assert painted(unified(DIFF, 80, LOOK)) == [
        "src/app.py",
        "     … def main():",
        " 9   same = 1",
        "10 − old = compute(alpha, beta)",
        "10 + new = compute(alpha, gamma)",
        "11 + added = True",
        "12   x = 2",
        "12 − -- not a file",
        "13 + tail",
        "\\ No newline at end of file",
        "     …",
        "40 − b",
        "41 + c␍",
    ]


def test_a_copy_is_code_without_numbers():
    assert [line.text for line in unified(DIFF, 80, LOOK)][2:5] == [
        "same = 1",
        "old = compute(alpha, beta)",
        "new = compute(alpha, gamma)",
    ]


def test_next_to_each_other_the_sides_are_paired():
    lines = painted(side_by_side(DIFF, 100, LOOK))
    assert lines[3].split("│")[0].rstrip() == "10 − old = compute(alpha, beta)"
    assert lines[3].split("│")[1].strip() == "10 + new = compute(alpha, gamma)"
    assert lines[4].split("│")[0].strip() == ""
    assert lines[4].split("│")[1].strip() == "11 + added = True"
    assert all(line.strip.cell_length <= 100 for line in side_by_side(DIFF, 100, LOOK))


def test_without_room_for_two_sides_there_is_one():
    assert painted(side_by_side(DIFF, 99, LOOK)) == painted(unified(DIFF, 99, LOOK))


def test_changed_words_and_blanks_at_the_end_stand_out():
    text = "@@ -1 +1 @@\n-x = compute(alpha)\n+x = compute(gamma)  \n"
    removed, added = unified(text, 60, LOOK)
    assert [s.text for s in removed.strip if s.style.bgcolor == DARK.removed_words.bgcolor] == ["alpha"]
    assert [s.text for s in added.strip if s.style.bgcolor == DARK.added_words.bgcolor] == ["gamma"]
    assert [s.text for s in added.strip if s.style.bgcolor == DARK.removed_words.bgcolor] == ["  "]
    assert added.text == "x = compute(gamma)  "


def test_words_are_compared_only_where_lines_are_alike():
    assert changes("value = old", "value = new") == ([(8, 11)], [(8, 11)])
    assert changes("import os", "return total(x)") == ([], [])
    assert changes("a " * 1000, "b " * 1000) == ([], [])
    assert changes("", "x") == ([], [])


def test_several_files_each_have_their_name():
    other = DIFF.replace("src/app.py", "src/b.rs")
    text = f"diff --git a/src/app.py b/src/app.py\nindex 1..2\n{DIFF}{other}"
    names = [row.text for row in rows(text) if row.kind == "file"]
    assert names == ["src/app.py", "src/b.rs"]
    assert painted(unified(text, 80, LOOK, names=False)).count("src/b.rs") == 1


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("--- /dev/null\n+++ b/new.py\n", Row("file", "new.py")),
        ("--- a/old.py\t2026\n+++ /dev/null\n", Row("file", "old.py")),
        ("Binary files a/x and b/x differ\n", Row("note", "Binary files a/x and b/x differ")),
        ("... 12 more lines", Row("note", "... 12 more lines")),
        ("+\tx\x1b[2J", Row("added", "    x␛[2J")),
    ],
)
def test_other_lines_of_a_diff(text, row):
    assert rows(text) == [row]


@settings(deadline=None)
@given(st.text())
def test_anything_can_be_shown_as_a_diff(text):
    for width in (20, 120):
        for line in (*unified(text, width, LOOK), *side_by_side(text, width, LOOK)):
            assert line.strip.cell_length <= max(width, 8)
            assert "\x1b" not in line.strip.text


file = st.lists(st.sampled_from(["a = 1", "b = 2", "", "-- c", "++ d", "\tx"]), max_size=12)


@settings(deadline=None)
@given(file, file)
def test_both_files_can_be_read_from_the_diff(old, new):
    text = "\n".join(difflib.unified_diff(old, new, "a/f", "b/f", lineterm="", n=100))
    found = rows(text)
    if old == new:
        assert found == []
        return
    shown_old = [row for row in found if row.kind in ("context", "removed")]
    shown_new = [row for row in found if row.kind in ("context", "added")]
    assert [row.text for row in shown_old] == [line.expandtabs(4) for line in old]
    assert [row.text for row in shown_new] == [line.expandtabs(4) for line in new]
    assert [row.new for row in shown_new] == list(range(1, len(new) + 1))
    assert [row.old for row in shown_old] == list(range(1, len(old) + 1))
