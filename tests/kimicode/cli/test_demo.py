"""A demonstration: its bugs are checked, what unittest says is understood, and what came of it is told honestly."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.cli.demo_bugs import PROMPT, choose, load
from kimicode.cli.demo_face import Pace
from kimicode.cli.demo_place import environment, make, outcome_of
from kimicode.cli.demo_verdict import judge
from kimicode.errors import DiskError, UsageError
from kimicode.events import PartStarted, Result, SessionStarted, StepStarted, UsageUpdated
from kimicode.messages import Usage
from tests.fakes.nano_package import BUG

FAILING = """\
.F.
======================================================================
FAIL: test_several (test_shop.TestShop.test_several)
Totals several prices.
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/tmp/shop/test_shop.py", line 8, in test_several
    self.assertEqual(total([1, 2, 3]), 6)
AssertionError: -6 != 6

----------------------------------------------------------------------
Ran 3 tests in 0.001s

FAILED (failures=1)
"""
ERRORS = """\
E
======================================================================
ERROR: test_shop (unittest.loader._FailedTest.test_shop)
----------------------------------------------------------------------
ImportError: Failed to import test module: test_shop
Traceback (most recent call last):
  File "/tmp/shop/shop.py", line 1
    def total(prices:
             ^
SyntaxError: '(' was never closed


----------------------------------------------------------------------
Ran 1 test in 0.000s

FAILED (errors=1)
"""
PASSING = "...\n----------------------------------------------------------------------\nRan 3 tests in 0.001s\n\nOK\n"


def bugs(folder, *changes):
    path = folder / "bugs.json"
    path.write_text(json.dumps([{**BUG, **change} for change in changes or ({},)]))
    return load(path)


def result(status="finished", code=0, **fields):
    usage = Usage(input_tokens=1200, output_tokens=90)
    return Result(status, code, "s", 4, usage, 0.0, 9.0, (), "1 file changed", **fields)


def told(bug, after, ended, *, tampered=False):
    verdict = judge(bug, outcome_of(FAILING, 1), after, ended, Pace(0.0), tampered=tampered)
    return verdict.exit_code, "\n".join(verdict.lines)


# --- the bugs -------------------------------------------------------------------------------------------------


def test_a_bug_is_the_right_module_with_some_lines_exchanged(tmp_path):
    [bug] = bugs(tmp_path)
    assert bug.broken == bug.source.replace("result += price", "result -= price")
    assert bug.remedy == ("-        result -= price", "+        result += price")
    assert (bug.path, bug.test_path, bug.prompt) == ("shop.py", "test_shop.py", PROMPT)


def test_several_lines_may_give_way_to_one(tmp_path):
    old = "    for price in prices:\n        result += price"
    [bug] = bugs(tmp_path, {"line": 4, "old": old, "new": "    result = prices", "prompt": "Why?"})
    assert "    result = 0\n    result = prices\n    return result\n" in bug.broken
    assert bug.prompt == "Why?"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"line": 4}, "line 4 of its source is not"),
        ({"line": 0}, "line 0"),
        ({"line": "5"}, "no right line"),
        ({"tests": None}, "no right tests"),
        ({"module": "../shop"}, "no name of a module"),
    ],
)
def test_a_bug_that_is_not_right_is_named(tmp_path, change, complaint):
    with pytest.raises(UsageError, match=complaint):
        bugs(tmp_path, {}, change)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_no_file_of_bugs_is_so_wrong_that_it_harms(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bugs.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UsageError):
        load(path)


def test_a_file_that_is_missing_or_no_json_is_told(tmp_path):
    with pytest.raises(DiskError):
        load(tmp_path / "bugs.json")
    (tmp_path / "bugs.json").write_bytes(b"\xff[")
    with pytest.raises(UsageError, match="not JSON"):
        load(tmp_path / "bugs.json")


def test_one_is_chosen_by_number_or_id_and_else_by_chance(tmp_path):
    found = bugs(tmp_path, {"id": "a"}, {"id": "b"})
    assert choose(found, "2") == (2, found[1])
    assert choose(found, "a") == (1, found[0])
    assert {choose(found, "")[0] for _ in range(200)} == {1, 2}
    with pytest.raises(UsageError, match="no bug '3'"):
        choose(found, "3")


# --- the place ------------------------------------------------------------------------------------------------


async def test_its_tests_are_run_on_what_the_module_has_become(tmp_path):
    [bug] = bugs(tmp_path)
    place = make(bug)
    try:
        with environment(place):
            before = await place.test()
            (place.project / "test_shop.py").write_text("")
            (place.project / "shop.py").write_text(bug.source)
            after = await place.test()
    finally:
        place.clear()
    assert (before.passed, before.count, before.failed) == (False, 3, ("test_several",))
    assert (after.passed, after.count, after.failed) == (True, 3, ())
    assert not place.scratch.exists()


async def test_a_module_that_is_gone_fails(tmp_path):
    [bug] = bugs(tmp_path)
    place = make(bug)
    try:
        with environment(place):
            (place.project / "shop.py").unlink()
            assert not (await place.test()).passed
    finally:
        place.clear()


def test_what_unittest_says_is_understood():
    assert outcome_of(PASSING, 0).passed
    failing = outcome_of(FAILING, 1)
    assert (failing.count, failing.failed, failing.reason) == (3, ("test_several",), "AssertionError: -6 != 6")
    broken = outcome_of(ERRORS, 1)
    assert (broken.count, broken.failed, broken.reason) == (1, ("test_shop",), "SyntaxError: '(' was never closed")


@pytest.mark.parametrize(("output", "code"), [("", 0), ("OK\n", 0), (PASSING, 1), (PASSING, None), (FAILING, 0)])
def test_nothing_else_counts_as_passed(output, code):
    assert not outcome_of(output, code).passed


# --- the verdict ----------------------------------------------------------------------------------------------


def test_solved_needs_tests_that_pass_and_an_end(tmp_path):
    [bug] = bugs(tmp_path)
    code, text = told(bug, outcome_of(PASSING, 0), result(answer="Done.\nMore."))
    assert code == 0
    assert text.startswith("Solved: all 3 tests pass, in 4 steps and 9 s.\nkimi-nano says: Done.\n")
    assert "What was wrong" not in text


def test_a_claim_alone_is_none(tmp_path):
    [bug] = bugs(tmp_path)
    code, text = told(bug, outcome_of(FAILING, 1), result(answer="Fixed."), tampered=True)
    assert code == 3
    assert text.startswith("Not solved: 1 of 3 tests still fail, after 4 steps and 9 s.\nkimi-nano says: Fixed.\n")
    assert "judged by the original ones" in text
    assert "What was wrong (shop.py): total subtracts the prices.\n    -        result -= price\n" in text


def test_a_limit_is_named(tmp_path):
    [bug] = bugs(tmp_path)
    ended = result("limit", 3, reason="120 s were used (--time-limit)")
    assert told(bug, outcome_of(FAILING, 1), ended)[0] == 3
    assert "It stopped because 120 s were used" in told(bug, outcome_of(FAILING, 1), ended)[1]
    code, text = told(bug, outcome_of(PASSING, 0), ended)
    assert code == 3
    assert "did not see that it was done" in text


def test_tests_that_became_fewer_do_not_run(tmp_path):
    [bug] = bugs(tmp_path)
    assert "the tests do not run any more (SyntaxError" in told(bug, outcome_of(ERRORS, 1), result())[1]


@pytest.mark.parametrize(
    ("status", "code", "head"), [("error", 2, "It broke off"), ("interrupted", 130, "Interrupted")]
)
def test_a_run_that_broke_off_says_nothing_of_the_model(tmp_path, status, code, head):
    [bug] = bugs(tmp_path)
    returned, text = told(bug, outcome_of(FAILING, 1), result(status, code, reason="the engine ended"))
    assert returned == code
    assert text.startswith(f"{head}: the engine ended")


def test_the_pace_is_read_off_the_events():
    pace = Pace(began=10.0)
    pace.note(SessionStarted("s", "/", "kimi-nano", "auto", "0"), 12.0)
    for begin in (12.0, 20.0):
        pace.note(StepStarted("t", 1), begin)
        pace.note(PartStarted("p", "text"), begin + 1.5)
        pace.note(PartStarted("q", "tool_call"), begin + 2.0)
        pace.note(UsageUpdated(Usage(100, 0, 61), Usage(100, 0, 61), 100, 8192), begin + 2.5)
    assert (pace.ready, pace.first, pace.rate) == (2.0, 1.5, 60.0)
    assert Pace(time.monotonic()).rate == 0.0
