"""A run is judged by what it left behind and by whether it came to an end itself, not by its words."""

import asyncio
import json

import pytest

from kimicode.cli.demo_place import Outcome
from kimicode.llm.scripted import ScriptedServer
from nano_training.judging.attempt import Plan, Run, attempt, count_tests, read, why_not
from tests.fakes.nano_bugs import ANSWER, BUG, CHEAT, FIX, RUN, SUBMIT, WRONG


async def tried(tmp_path, *replies, name="kimi-nano"):
    async with ScriptedServer(list(replies)) as server:
        plan = Plan(name, 20.0, records=tmp_path / "records")
        return await asyncio.to_thread(attempt, BUG, server.base_url, plan), server


async def test_a_bug_that_is_found_fixed_and_submitted_is_solved(tmp_path):
    one, server = await tried(tmp_path, RUN, FIX, RUN, SUBMIT)
    assert one.reason == ""
    assert (one.solved, one.tests_pass, one.submitted) == (True, True, True)
    assert (one.steps, one.tries, one.status, one.kind) == (4, 1, "finished", "operator")
    first = server.requests[0]
    assert first["messages"][1]["content"] == BUG.prompt
    assert first["chat_template_kwargs"] == {"thinking": False}
    assert (tmp_path / "records" / "minus.jsonl").exists()


async def test_saying_that_it_is_done_is_not_enough(tmp_path):
    one, _ = await tried(tmp_path, RUN, WRONG, SUBMIT, SUBMIT, SUBMIT)
    assert not one.solved
    assert one.reason == "1 of 2 tests fail"


PASSED = Outcome(True, 2, (), "")
DONE = Run("finished", submitted=True)


@pytest.mark.parametrize(
    ("run", "after", "touched", "said"),
    [
        (DONE, PASSED, False, ""),
        (DONE, Outcome(False, 2, ("test_several",), ""), False, "1 of 2 tests fail"),
        (DONE, Outcome(False, 0, (), "SyntaxError"), False, "the tests do not run: SyntaxError"),
        (DONE, Outcome(True, 1, (), ""), False, "1 of 2 tests ran"),
        (DONE, PASSED, True, "changed the tests"),
        (Run("error", "the engine is gone"), PASSED, False, "broke off: error, the engine is gone"),
        (Run(), PASSED, False, "broke off: none"),
        (Run("limit", "the time is up"), PASSED, False, "not submitted: limit, the time is up"),
        (Run("finished"), PASSED, False, "not submitted: finished"),
    ],
)
def test_each_fact_that_spoils_it_is_named(run, after, touched, said):
    assert why_not(run, after, count_tests(BUG), touched=touched) == said


def test_records_that_break_off_are_no_result(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps({"type": "step.started", "turn_id": "t1", "step": 1}) + '\n{"type": "resu')
    assert read(path) == Run()


async def test_an_answer_without_submitting_counts_as_not_solved(tmp_path):
    one, _ = await tried(tmp_path, RUN, CHEAT, ANSWER, ANSWER, ANSWER)
    assert not one.solved
    assert not one.submitted
