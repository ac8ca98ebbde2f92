"""Every bug of the review set is one, and every harmless change computes what was computed before."""

import asyncio
import dataclasses

import pytest

from kimicode.benchmarks.review_proof import main, provable, prove
from kimicode.benchmarks.review_set import load

CASES = load()
BY_NAME = {case.name: case for case in CASES}
SOME_SLOW = [
    pytest.param(case, id=case.name, marks=[] if at % 12 == 0 else pytest.mark.slow) for at, case in enumerate(CASES)
]
"""Each takes up to some seconds: a few by default, all of them with `-m "slow or not slow"`."""


@pytest.mark.parametrize("case", SOME_SLOW)
async def test_a_case_is_proven(case, tmp_path):
    if not provable(case):
        pytest.skip("node is not installed")
    assert await asyncio.to_thread(prove, case, tmp_path) == ""


def test_a_bug_that_its_proof_does_not_show_is_not_proven(tmp_path):
    case = dataclasses.replace(BY_NAME["cachetools-resize"], proof="print('all is well')")
    assert prove(case, tmp_path).startswith("the proof does not show the bug, exit code 0")


def test_a_proof_that_crashes_shows_nothing(tmp_path):
    case = dataclasses.replace(BY_NAME["cachetools-resize"], proof="import cachetools.missing")
    assert prove(case, tmp_path).startswith("the proof fails on the fixed code, too")


def test_a_bug_is_no_regression_where_the_old_code_fails_as_well(tmp_path):
    case = dataclasses.replace(BY_NAME["cachetools-resize"], regression=True)
    assert prove(case, tmp_path) == "regression is True, but the proof exits with 1 before the change"


def test_a_change_that_computes_something_else_is_not_harmless(tmp_path):
    bug, harmless = BY_NAME["cachetools-lfu-order"], BY_NAME["cachetools-lfu-order-right"]
    assert (
        prove(dataclasses.replace(harmless, change=bug.change), tmp_path) == "the changed code computes something else"
    )


def test_a_harmless_change_has_to_be_looked_at(tmp_path):
    case = dataclasses.replace(BY_NAME["cachetools-lfu-order-right"], proof="print('same')")
    assert prove(case, tmp_path) == "the proof prints 5 characters, which compares little"


def test_the_command_names_what_is_proven(capsys):
    assert main(["humanize-clamp-floats"]) == 0
    assert capsys.readouterr().out == "humanize-clamp-floats: proven\n"
