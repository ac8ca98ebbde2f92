"""Every bug of the set is a bug, has a failing test that shows it, and is cured by its fix alone."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from kimicode.benchmarks.bugset import Bug, load
from kimicode.benchmarks.judge import among, changes, fingerprint, run_tests
from kimicode.errors import UsageError

BUGS = load()


def apply_fix(bug: Bug, folder: Path) -> None:
    subprocess.run(["git", "apply", str(bug.fix)], cwd=folder, check=True, timeout=5)


SOME_SLOW = [
    pytest.param(bug, id=bug.name, marks=[] if at % 5 == 0 else pytest.mark.slow) for at, bug in enumerate(BUGS)
]
"""Their tests take seconds: a few bugs by default, all of them with `-m "slow or not slow"`."""


@pytest.mark.parametrize("bug", SOME_SLOW)
async def test_tests_fail_before_the_fix_and_all_pass_after_it(bug, tmp_path):
    broken, fixed = tmp_path / "broken", tmp_path / "fixed"
    bug.copy_to(broken)
    bug.copy_to(fixed)
    apply_fix(bug, fixed)

    before, after = await asyncio.gather(
        asyncio.to_thread(run_tests, bug.test, broken, timeout=8),
        asyncio.to_thread(run_tests, bug.test, fixed, timeout=8),
    )

    assert before.failed, before.output
    assert before.passed, before.output
    assert before.exit_code == 1
    assert after.exit_code == 0, after.output
    assert after.passed == before.tests


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_fix_is_small_and_leaves_the_tests_alone(bug, tmp_path):
    bug.copy_to(tmp_path / "copy")
    before = fingerprint(tmp_path / "copy")
    apply_fix(bug, tmp_path / "copy")
    changed = changes(before, fingerprint(tmp_path / "copy"))

    assert len(changed) == 1
    assert not among(changed, bug.protected)
    added = [line for line in bug.fix.read_text().splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert len(added) <= 6


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_looks_like_a_small_project_and_its_prompt_is_one_sentence_or_two(bug):
    files = [path for path in (bug.folder / "repo").rglob("*.py") if "__pycache__" not in path.parts]
    assert 2 <= len(files) <= 6
    assert all(len(path.read_text().splitlines()) <= 100 for path in files)
    assert "\n" not in bug.prompt
    assert len(bug.prompt) <= 120
    assert bug.title
    assert all((bug.folder / "repo" / name).exists() for name in bug.protected)


def test_the_set_is_large_and_varied():
    assert len(BUGS) >= 16
    assert len({bug.kind for bug in BUGS}) >= 16


def test_bugs_are_found_by_name():
    assert [bug.name for bug in load(["matrix", "inventory"])] == ["inventory", "matrix"]


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(UsageError, match="no such bug: typo") as refusal:
        load(["matrix", "typo"])
    assert "duration-units" in refusal.value.hint
