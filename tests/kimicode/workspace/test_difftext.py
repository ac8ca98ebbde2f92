"""Diffs apply: what `patch` makes of the old file with our text is the new file."""

import shutil
import subprocess
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.workspace.difftext import LONGEST, compare
from kimicode.workspace.document import Document

TEXT = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=40).map("\n".join)


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs the patch program")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=TEXT, after=TEXT)
def test_a_diff_is_one_that_patch_understands(tmp_path, before, after):
    diff = compare("f", Document.of(before), Document.of(after))
    if before == after:
        assert (diff.added, diff.removed) == (0, 0)
        return
    (tmp_path / "f").write_text(before)
    subprocess.run(
        ["patch", "-s", "-p1", "-o", "out"], input=diff.text + "\n", text=True, cwd=tmp_path, check=True, timeout=5
    )
    out = tmp_path / "out"
    assert (out.read_text() if out.exists() else "") == after


def test_counts_paths_and_creation_are_told():
    diff = compare("src/f.py", None, Document.of("a\nb\n"))
    assert (diff.added, diff.removed, diff.created) == (2, 0, True)
    assert diff.text == "--- /dev/null\n+++ b/src/f.py\n@@ -0,0 +1,2 @@\n+a\n+b"


def test_a_change_of_line_endings_counts():
    diff = compare("f", Document.of("a\nb\n"), Document.of("a\r\nb\n"))
    assert (diff.added, diff.removed) == (1, 1)
    assert "\r" not in diff.text


def test_a_long_diff_is_cut_and_says_so():
    diff = compare("f", None, Document.of("x\n" * 1000))
    assert len(diff.text.splitlines()) == LONGEST
    assert diff.text.endswith("more lines")
    assert diff.added == 1000


def test_a_small_edit_of_a_huge_file_is_cheap():
    before = Document.of("same\n" * 200_000)
    after = before.replaced(500_000, 500_004, "other")
    began = time.process_time()
    assert compare("f", before, after).added == 1
    assert time.process_time() - began < 3
    assert compare("f", Document.of("a\n" * 9000), Document.of("b\n" * 9000)).added == 9000
