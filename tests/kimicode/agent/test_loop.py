"""The turn: from a prompt to its end, by submit, answer, limit, guard, interrupt or a model that is no use."""

import asyncio

import pytest

from kimicode.agent.budget import Limits
from kimicode.errors import ContextOverflow, ExitCode, ModelUnreachable
from kimicode.events import (
    CompactionCompleted,
    MessageAdded,
    Notice,
    PartDiscarded,
    RetryScheduled,
    StepStarted,
    ToolCompleted,
    TurnCompleted,
    TurnStarted,
    UsageUpdated,
)
from kimicode.messages import TextPiece, ToolResult
from tests.fakes.model import PlaybackModel, calls, says
from tests.fakes.workshop import Workshop

BROKEN = "def double(x):\n    return x + x + 1\n"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "double.py").write_text(BROKEN)
    (folder / "check.py").write_text("from double import double\nassert double(2) == 4, double(2)\n")
    return folder


FIX = ("strreplace", {"path": "double.py", "old_str": "x + x + 1", "new_str": "x + x"})
CHECK = ("bash", {"command": "python3 check.py"})
SUBMIT = ("submit", {"summary": "fixed"})


async def work(root, *turns, prompt="check.py fails, fix it", **options) -> tuple[Workshop, object]:
    shop = Workshop(root, PlaybackModel(*turns), **options)
    try:
        stop = await shop.agent.run(prompt)
    finally:
        await shop.shell.close()
    return shop, stop


async def test_it_looks_edits_checks_and_submits(root):
    shop, stop = await work(root, calls(CHECK), calls(FIX), calls(CHECK), calls(SUBMIT))
    assert (stop.status, stop.answer, stop.exit_code) == ("finished", "fixed", ExitCode.FINISHED)
    assert (root / "double.py").read_text() == "def double(x):\n    return x + x\n"
    assert [run.exit_code for run in shop.agent.record.since_edit] == [0]


async def test_the_events_of_a_turn_come_in_the_order_of_their_lives(root):
    shop, _ = await work(root, calls(("view", {"path": "double.py"}), text="I look first."), says("It adds one."))
    kinds = [event.type for event in shop.events]
    assert kinds[:3] == ["turn.started", "message.added", "step.started"]
    assert kinds[-1] == "turn.completed"
    for first, then in [("part.started", "part.completed"), ("tool.started", "tool.completed")]:
        assert kinds.index(first) < kinds.index(then)
    assert isinstance(shop.events[0], TurnStarted)
    assert [event.step for event in shop.of(StepStarted)] == [1, 2]
    assert shop.of(UsageUpdated)[-1].total.input_tokens == 200


async def test_an_answer_without_calls_ends_the_turn(root):
    _, stop = await work(root, says("double() adds one too many."), prompt="what is wrong?")
    assert (stop.status, stop.answer) == ("finished", "double() adds one too many.")


async def test_submitting_without_a_check_is_objected_to_once(root):
    shop, stop = await work(root, calls(FIX), calls(SUBMIT), calls(SUBMIT))
    assert stop.status == "finished"
    assert "nothing was run after the last edit" in shop.results()[1]
    assert shop.results()[2] == "submitted"


async def test_submitting_over_a_failing_check_is_objected_to(root):
    shop, stop = await work(root, calls(CHECK), calls(SUBMIT), calls(FIX), calls(CHECK), calls(SUBMIT))
    assert "failed with exit code 1" in shop.results()[1]
    assert stop.status == "finished"


async def test_a_failing_command_shows_the_files_that_it_names_and_what_they_import(root):
    shop, _ = await work(root, calls(CHECK), *[says("I give up.")] * 3)
    shown = shop.results()[0]
    assert "check.py:\n```" in shown
    assert BROKEN.strip() in shown


async def test_an_answer_over_a_failing_check_is_told_what_fails_twice_at_most(root):
    shop, stop = await work(root, calls(CHECK), *[says("It is broken.")] * 2, says("Really broken."))
    assert (stop.status, stop.answer) == ("finished", "Really broken.")
    assert "The last command failed:\nAssertionError: 5\nWhich line of" in shop.model.requests[-1][-1].text
    assert [message.role for message in shop.history.messages] == ["user", "assistant", "tool", "assistant"]


async def test_with_a_person_present_an_answer_is_an_answer(root):
    _, stop = await work(root, calls(CHECK), says("It is broken."), insist=False)
    assert stop.answer == "It is broken."


async def test_a_fix_written_as_a_code_block_is_made_when_a_check_still_fails(root):
    prose = "The fix:\n```python\ndef double(x):\n    return x + x\n```\nNow it works."
    shop, stop = await work(root, calls(CHECK), says(prose), calls(CHECK), calls(SUBMIT))
    assert (root / "double.py").read_text() == "def double(x):\n    return x + x\n"
    assert stop.status == "finished"
    assert shop.agent.recovered == 1
    assert [notice.code for notice in shop.of(Notice)] == ["recovered"]


async def test_the_command_that_it_was_told_to_run_may_be_named_in_text(root):
    (root / "test_double.py").write_text("from double import double\n\ndef test_it():\n    assert double(2) == 4\n")
    told = "To run the tests, call:\n```bash\npython -m pytest -q\n```"
    turns = (calls(FIX), says("Fixed."), says(told), calls(SUBMIT))
    shop, stop = await work(root, *turns, test_command="python -m pytest -q")
    assert stop.status == "finished"
    assert [run.exit_code for run in shop.agent.record.since_edit] == [0]
    assert shop.agent.recovered == 1


async def test_a_code_block_alone_is_offered_as_a_call_never_made(root):
    prose = "Write:\n```python\ndef double(x):\n    return x + x\n```"
    look = calls(("view", {"path": "double.py"}))
    shop, stop = await work(root, look, says(prose), says("You could do that."))
    assert (root / "double.py").read_text() == BROKEN
    assert '"name": "strreplace"' in shop.model.requests[-1][-1].text
    assert stop.answer == "You could do that."


async def test_empty_answers_leave_no_trace_in_the_history_and_end_in_the_end(root):
    shop, stop = await work(root, says(""), says(""), says("All well."))
    assert stop.answer == "All well."
    assert [m.role for m in shop.model.requests[2]] == ["user", "user"]
    assert [m.role for m in shop.history.messages] == ["user", "assistant"]
    shop, stop = await work(root, *[says("")] * 5)
    assert (stop.status, stop.exit_code) == ("stuck", ExitCode.LIMIT)


@pytest.mark.parametrize("reason", ["length", "repetition"])
async def test_a_cut_off_answer_is_asked_for_again(root, reason):
    shop, stop = await work(root, says("and and and", finish_reason=reason), says("Done."))
    assert stop.answer == "Done."
    assert shop.of(PartDiscarded)


async def test_the_same_call_with_the_same_result_is_reminded_of_and_then_stopped(root):
    look = calls(("view", {"path": "double.py"}))
    shop, stop = await work(root, *[look] * 8)
    assert (stop.status, stop.exit_code) == ("stuck", ExitCode.LIMIT)
    reminded = [i for i, text in enumerate(shop.results(), 1) if "exactly this call" in text]
    assert reminded == [3, 5]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(steps=2), "--max-steps"),
        (Limits(tokens=150), "--max-tokens"),
        (Limits(price=0.0015), "--max-price"),
    ],
)
async def test_a_limit_stops_the_turn_and_names_its_flag(root, limits, reason):
    looks = [calls(("bash", {"command": f"echo {i}"})) for i in range(5)]
    _, stop = await work(root, *looks, limits=limits)
    assert (stop.status, stop.exit_code) == ("limit", ExitCode.LIMIT)
    assert reason in stop.reason


async def test_a_time_limit_ends_a_running_command(root):
    shop, stop = await work(root, calls(("bash", {"command": "sleep 30"})), limits=Limits(seconds=0.5))
    assert stop.status == "limit"
    assert "--time-limit" in stop.reason
    assert shop.history.messages[-1].role == "tool"


async def test_calls_that_only_read_run_together_and_writes_in_order(root):
    reads = [("bash", {"command": "cat double.py; ls"}), ("view", {"path": "check.py"})]
    edits = [FIX, ("strreplace", {"path": "double.py", "old_str": "x + x", "new_str": "2 * x"})]
    shop, _ = await work(root, calls(*reads, *edits), calls(CHECK), calls(SUBMIT))
    order = [(event.type, event.name) for event in shop.events if event.type in ("tool.started", "tool.completed")]
    assert order.index(("tool.started", "view")) < order.index(("tool.completed", "bash"))
    assert order.index(("tool.completed", "bash")) < order.index(("tool.started", "strreplace"))
    assert (root / "double.py").read_text() == "def double(x):\n    return 2 * x\n"


async def test_results_stand_in_the_order_of_the_calls(root):
    slow_then_fast = [("view", {"path": "."}), ("view", {"path": "double.py"})]
    shop, _ = await work(root, calls(*slow_then_fast), says("ok"))
    parts = shop.history.messages[2].parts
    assert [part.call_id for part in parts] == [call.id for call in shop.history.messages[1].tool_calls]


async def test_what_cannot_run_gets_a_result_that_says_what_to_do(root):
    turn = calls(("fly", {}), ("view", {}), ("insert", {"path": "double.py", "insert_line": "far", "new_str": "x"}))
    shop, stop = await work(root, turn, *[says("I give up.")] * 3)
    unknown, missing, wrong = shop.results()
    assert "the tools are: bash, view" in unknown
    assert "path: Field required" in missing
    assert "insert_line" in wrong
    assert stop.status == "finished"


async def test_calls_after_a_submit_do_not_run(root):
    look = ("view", {"path": "double.py"})
    shop, _ = await work(root, calls(look, SUBMIT, ("bash", {"command": "touch late"})))
    assert not (root / "late").exists()
    assert "after submit" in shop.results()[2]


async def test_acting_blindly_before_anything_was_looked_at_is_not_done(root):
    blind = ("strreplace", {"path": "double.py", "old_str": "return x * 3", "new_str": "return 2 * x"})
    shop, stop = await work(root, calls(SUBMIT), calls(blind), calls(CHECK), calls(FIX), calls(CHECK), calls(SUBMIT))
    assert stop.status == "finished"
    assert all("Nothing was looked at yet" in request[-1].text for request in shop.model.requests[1:3])
    assert [message.role for message in shop.model.requests[3]] == ["user", "assistant", "tool"]


async def test_an_edit_that_fits_needs_no_look_before_it(root):
    _, stop = await work(root, calls(FIX), calls(CHECK), calls(SUBMIT))
    assert stop.status == "finished"
    assert "x + x\n" in (root / "double.py").read_text()


async def test_a_model_that_only_talks_of_code_is_asked_to_begin(root):
    prose = "I would write:\n```python\nprint(1)\n```"
    shop, stop = await work(root, says(prose), says("Let me look."), says("Soon."), says("It cannot be done."))
    told = [request[-1].text for request in shop.model.requests[1:]]
    assert all("Nothing was looked at yet" in text for text in told)
    assert (len(told), stop.answer) == (3, "It cannot be done.")


async def test_a_call_in_text_that_cannot_be_read_is_asked_for_again(root):
    broken = 'Here:\n```json\n{"name": "createfile", "arguments": {"path": "a.py", "file_text": "x"y"}}\n```'
    shop, stop = await work(root, says(broken), calls(CHECK), calls(FIX), calls(CHECK), calls(SUBMIT))
    assert "createfile could not be read" in shop.model.requests[1][-1].text
    assert stop.status == "finished"


async def test_an_answer_that_only_shows_the_form_of_a_call_is_not_lost(root):
    answer = 'A call looks like this:\n{"name": "bash", "arguments": ...}'
    _, stop = await work(root, calls(("view", {"path": "double.py"})), *[says(answer)] * 3)
    assert (stop.status, stop.answer) == ("finished", answer)


async def test_a_question_is_answered_with_code_at_once(root):
    _, stop = await work(root, says("So:\n```python\nprint(1)\n```"), prompt="How do I print 1?")
    assert stop.status == "finished"


async def test_a_module_that_python_does_not_find_brings_the_right_command(root):
    (root / "tests").mkdir()
    (root / "tests/test_double.py").write_text("from double import double\n")
    turn = calls(("bash", {"command": "cd tests && python3 test_double.py"}))
    shop, _ = await work(root, turn, *[says("hm")] * 3)
    assert "use `python -m pytest`" in shop.results()[0]


async def test_plan_mode_has_no_writing_tools_and_a_shell_that_only_reads(root):
    turns = [calls(FIX), calls(("bash", {"command": "touch made"})), calls(("bash", {"command": "ls"})), calls(SUBMIT)]
    shop, stop = await work(root, *turns, mode="plan")
    edit, touched, listed, _ = shop.results()
    assert "no tool 'strreplace'" in edit
    assert "plan mode" in touched
    assert "double.py" in listed
    assert not (root / "made").exists()
    assert stop.answer == "fixed"


@pytest.mark.parametrize(("mode", "edited"), [("ask", False), ("auto-edit", True)])
async def test_what_would_need_a_question_is_denied_when_nobody_is_there(root, mode, edited):
    shop, _ = await work(root, calls(FIX, CHECK), *[says("denied")] * (3 if edited else 1), mode=mode)
    assert ((root / "double.py").read_text() != BROKEN) is edited
    assert "denied" in shop.results()[1]
    assert shop.approval.denied == (1 if edited else 2)


async def test_words_of_the_person_reach_the_model_before_its_next_step(root):
    shop = Workshop(root, PlaybackModel(calls(("view", {"path": "."})), says("ok")))
    running = asyncio.create_task(shop.agent.run("look"))
    shop.agent.steer("and be quick")
    await running
    assert [m.text for m in shop.model.requests[0]] == ["look", "and be quick"]


async def test_an_interrupt_while_the_model_speaks_keeps_what_it_said(root):
    shop = Workshop(root, PlaybackModel(says("one two three four five six"), delay=0.05))
    running = asyncio.create_task(shop.agent.run("count"))
    await asyncio.sleep(0.12)
    running.cancel()
    stop = await running
    assert (stop.status, stop.exit_code) == ("interrupted", ExitCode.INTERRUPTED)
    kept = shop.history.messages[-1]
    assert kept.role == "assistant"
    assert kept.text.startswith("one two")
    assert shop.of(TurnCompleted)[0].status == "interrupted"


async def test_an_interrupt_while_tools_run_gives_every_call_its_result(root):
    turn = calls(("bash", {"command": "sleep 30"}), FIX, CHECK)
    shop = Workshop(root, PlaybackModel(turn))
    running = asyncio.create_task(shop.agent.run("work"))
    while not any(event.type == "tool.started" for event in shop.events):
        await asyncio.sleep(0.02)
    running.cancel()
    await running
    results = shop.history.messages[-1].parts
    assert [type(part) for part in results] == [ToolResult] * 3
    assert all("interrupted" in part.content[0].text for part in results)
    assert len(shop.of(ToolCompleted)) == 3
    assert (root / "double.py").read_text() == BROKEN


async def test_an_overflow_is_answered_by_making_room_and_going_on(root):
    look = calls(("view", {"path": "double.py"}))
    shop, stop = await work(root, look, ContextOverflow("too long"), says("a note: nearly done"), says("Done."))
    assert stop.answer == "Done."
    [compacted] = shop.of(CompactionCompleted)
    assert compacted.messages[0].text == "check.py fails, fix it"
    assert "a note: nearly done" in compacted.messages[-1].text
    assert BROKEN.strip() in compacted.messages[-1].text


async def test_an_overflow_that_no_compaction_cures_is_an_error(root):
    endless = [turn for _ in range(4) for turn in (ContextOverflow("too long"), says("note"))]
    with pytest.raises(ContextOverflow, match="even after compaction"):
        await work(root, *endless)


async def test_a_model_that_cannot_be_reached_is_the_callers_to_explain_and_the_turn_still_ends(root):
    shop = Workshop(root, PlaybackModel(ModelUnreachable("gone")))
    with pytest.raises(ModelUnreachable):
        await shop.agent.run("hello")
    assert shop.of(TurnCompleted)[0].status == "error"


class DiesInTheMiddle(PlaybackModel):
    """Breaks off its first answer, and once more after a retry that brought nothing."""

    async def complete(self, request, on_piece, on_retry):
        if not self.requests:
            self.requests.append(tuple(request.messages))
            on_piece(TextPiece(["The fault is in double.py"]))
            on_retry(RetryScheduled(1, 2, 0.0, "reset"))
            raise ModelUnreachable("gone")
        return await super().complete(request, on_piece, on_retry)


async def test_what_a_dying_server_said_is_known_to_the_next_request(root):
    model = DiesInTheMiddle(says("As I said: double.py."))
    shop = Workshop(root, model)
    with pytest.raises(ModelUnreachable):
        await shop.agent.run("hello")
    await shop.agent.run("go on")
    said = [message.text for message in model.requests[-1] if message.role == "assistant"]
    assert said == ["The fault is in double.py\n[interrupted]"]


async def test_call_ids_stay_apart_although_the_server_numbers_them_anew(root):
    look = calls(("view", {"path": "double.py"}))
    shop, _ = await work(root, look, look, says("ok"))
    ids = [call.id for event in shop.of(MessageAdded) for call in event.message.tool_calls]
    assert len(ids) == len(set(ids)) == 2


async def test_the_same_failure_without_a_change_asks_for_the_wrong_line(root):
    shop, _ = await work(root, calls(CHECK), calls(CHECK), calls(FIX), calls(CHECK), calls(SUBMIT))
    first, second, _, fixed, _ = shop.results()
    assert "same failure" not in first + fixed
    assert "Which line of check.py or double.py is wrong?" in second
