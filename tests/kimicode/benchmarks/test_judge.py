"""The judge counts tests that ran and passed, whatever else the repository says of itself."""

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.benchmarks.judge import among, changes, fingerprint, run_tests

PYTEST = (sys.executable, "-m", "pytest", "-q")
TESTS = """\
import os
import pytest

def test_good():
    assert True

def test_bad():
    assert False

@pytest.mark.skip
def test_skipped():
    assert True

@pytest.mark.xfail
def test_expected_to_fail():
    assert False

def test_keys_are_not_handed_on():
    assert not [name for name in os.environ if "KEY" in name or name.startswith("KIMICODE")]
"""


def test_only_tests_that_ran_and_passed_count(tmp_path):
    (tmp_path / "test_all.py").write_text(TESTS)
    verdict = run_tests(PYTEST, tmp_path)
    assert verdict.passed == {"test_all::test_good", "test_all::test_keys_are_not_handed_on"}
    assert verdict.failed == {"test_all::test_bad", "test_all::test_skipped", "test_all::test_expected_to_fail"}
    assert verdict.exit_code == 1
    assert not verdict.proves(frozenset({"test_all::test_good"}))


def test_a_run_without_tests_proves_nothing(tmp_path):
    assert not run_tests(PYTEST, tmp_path).proves(frozenset())


def test_leaving_early_with_code_zero_proves_nothing(tmp_path):
    (tmp_path / "test_exit.py").write_text("import os\ndef test_a():\n    pass\ndef test_b():\n    os._exit(0)\n")
    verdict = run_tests(PYTEST, tmp_path)
    assert verdict.exit_code == 0
    assert not verdict.proves(frozenset({"test_exit::test_a"}))


def test_a_hanging_test_ends_with_the_time_limit(tmp_path):
    (tmp_path / "test_hang.py").write_text("import time\ndef test_a():\n    time.sleep(60)\n")
    verdict = run_tests(PYTEST, tmp_path, timeout=1.5)
    assert verdict.exit_code is None
    assert "1.5 s" in verdict.output


def test_what_a_test_leaves_in_the_background_holds_nobody_up(tmp_path):
    code = "import subprocess\ndef test_a():\n    subprocess.Popen(['sleep', '55'])\n"
    (tmp_path / "test_background.py").write_text(code)
    began = time.monotonic()
    verdict = run_tests(PYTEST, tmp_path)
    assert verdict.proves(frozenset({"test_background::test_a"}))
    assert time.monotonic() - began < 40


def test_the_judge_leaves_no_files_behind(tmp_path):
    (tmp_path / "test_one.py").write_text("def test_a():\n    pass\n")
    assert run_tests(PYTEST, tmp_path).proves(frozenset({"test_one::test_a"}))
    assert [path.name for path in tmp_path.iterdir()] == ["test_one.py"]


def test_a_fingerprint_sees_every_change_but_caches(tmp_path):
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("2")
    before = fingerprint(tmp_path)
    (tmp_path / "a.py").write_text("3")
    (tmp_path / "b.py").unlink()
    (tmp_path / "c.py").symlink_to("a.py")
    (tmp_path / "d.py").symlink_to("nowhere")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("")
    assert changes(before, fingerprint(tmp_path)) == ["a.py", "b.py", "c.py", "d.py"]


@pytest.mark.parametrize(
    ("path", "is_protected"),
    [("tests/test_a.py", True), ("tests", True), ("tests_too/a.py", False), ("src/tests/a.py", False)],
)
def test_protection_is_by_whole_names(path, is_protected):
    assert among([path], ["tests"]) == ([path] if is_protected else [])


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_changes_are_symmetric_and_empty_only_between_equals(before, after):
    assert changes(before, after) == changes(after, before)
    assert (changes(before, after) == []) == (before == after)
