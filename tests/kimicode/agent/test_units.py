"""The small parts of the loop: budget, guard, record, stream."""

import pytest

from kimicode.agent.budget import Budget, Limits
from kimicode.agent.flow import LimitReached, Stuck
from kimicode.agent.guard import LoopGuard
from kimicode.agent.record import WorkRecord, report
from kimicode.agent.stream import PartStream
from kimicode.events import CommandRun, Diff, FileChange, ToolCompleted
from kimicode.messages import Text, TextPiece, ThinkingPiece, ToolCall, ToolCallPiece, ToolResult, Usage

CALL = ToolCall("1", "bash", '{"command": "ls"}')
OTHER = ToolCall("2", "view", '{"path": "a"}')


def result(text, is_error=False):
    return ToolResult("1", "bash", (Text(text),), is_error)


class TestBudget:
    def test_a_step_counts_before_it_is_made(self):
        budget = Budget(Limits(steps=2))
        assert [budget.start_step(), budget.start_step()] == [1, 2]
        with pytest.raises(LimitReached, match="--max-steps"):
            budget.start_step()

    def test_an_unknown_price_is_no_price(self):
        budget = Budget(Limits(price=0.01))
        budget.charge(Usage(10, 0, 10, None))
        budget.check()
        budget.charge(Usage(10, 0, 10, 0.02))
        with pytest.raises(LimitReached, match="--max-price"):
            budget.check()

    def test_seconds_run_from_the_start(self):
        times = iter([0.0, 4.0, 11.0, 11.0, 11.0])
        budget = Budget(Limits(seconds=10), clock=lambda: next(times))
        assert budget.seconds_left == 6.0
        with pytest.raises(LimitReached, match="--time-limit"):
            budget.check()


class TestLoopGuard:
    def test_it_reminds_at_three_and_five_and_stops_at_eight(self):
        guard = LoopGuard()
        reminders = [bool(guard.note(CALL, result("x"), edited=False)) for _ in range(7)]
        assert reminders == [False, False, True, False, True, False, False]
        guard.check()
        guard.note(CALL, result("x"), edited=False)
        with pytest.raises(Stuck):
            guard.check()

    def test_a_refused_call_is_reminded_of_the_second_time(self):
        guard = LoopGuard()
        refused = result("no such file", is_error=True)
        assert [bool(guard.note(CALL, refused, edited=False)) for _ in range(2)] == [False, True]

    def test_another_result_is_another_thing(self):
        guard = LoopGuard()
        assert not any(guard.note(CALL, result(str(i)), edited=False) for i in range(20))

    def test_calls_in_turn_do_not_hide_a_loop(self):
        guard = LoopGuard()
        for _ in range(8):
            guard.note(CALL, result("x"), edited=False)
            guard.note(OTHER, result("y"), edited=False)
        assert guard.stuck

    def test_a_new_edit_forgives_the_looks_before_it_but_an_old_one_does_not(self):
        guard = LoopGuard()
        for i in range(10):
            guard.note(CALL, result("1 failed"), edited=False)
            guard.note(ToolCall("3", "strreplace", f"try {i}"), result("edited"), edited=True)
        assert not guard.stuck
        for _ in range(8):
            guard.note(ToolCall("3", "strreplace", "back"), result("edited"), edited=True)
            guard.note(ToolCall("3", "strreplace", "forth"), result("edited"), edited=True)
        assert guard.stuck


def completed(display):
    return ToolCompleted("1", "x", False, (), display, 0.0, {})


EDIT = completed(Diff("a.py", "", 1, 1))


def ran(command, code, read_only=False):
    return completed(CommandRun(command, "", code, read_only))


class TestWorkRecord:
    def test_only_commands_after_the_last_edit_count(self):
        record = WorkRecord()
        for event in (ran("pytest", 1), EDIT, ran("cat a.py", 0, read_only=True), ran("pytest", 0)):
            record.note(event)
        assert [(run.command, run.exit_code) for run in record.since_edit] == [("pytest", 0)]
        assert record.objection() is None

    def test_each_state_is_objected_to_once_and_six_in_all(self):
        record = WorkRecord()
        objections = 0
        for _ in range(9):
            record.note(EDIT)
            objections += record.objection() is not None
            assert record.objection() is None
        assert objections == 6

    def test_a_model_that_only_speaks_is_told_twice(self):
        record = WorkRecord()
        record.note(ran("pytest", 1))
        told = [record.objection(spoken=True) for _ in range(3)]
        assert [objection and objection.kind for objection in told] == ["failing", "failing", None]

    def test_what_a_failed_command_says_is_quoted(self):
        record = WorkRecord()
        lines = (">   assert f()", "E   assert 2 == 1", "FAILED tests/test_f.py::test_f - assert 2 == 1", "1 failed")
        output = "\n".join(lines)
        record.note(completed(CommandRun("pytest", output, 1)))
        assert record.objection().failing.splitlines() == [
            "E   assert 2 == 1",
            "FAILED tests/test_f.py::test_f - assert 2 == 1",
        ]

    def test_the_report_is_made_of_records(self):
        record = WorkRecord()
        record.note(EDIT)
        record.note(ran("python  -m\npytest", 1))
        files = (FileChange("a.py", "M", 1, 1), FileChange("pictures/logo.png", "A", None, None))
        assert report(files, record).splitlines() == [
            "2 files changed",
            "  M a.py               +1 -1",
            "  A pictures/logo.png  binary",
            "Run after the last edit",
            "  exit 1  python -m pytest",
        ]

    def test_nothing_run_is_said(self):
        record = WorkRecord()
        record.note(EDIT)
        assert report((), record).splitlines() == ["No file changed", "Nothing was run after the last edit"]


class TestPartStream:
    def stream(self, *, tick=1.0):
        times = iter(tick * i for i in range(1000))
        events: list = []
        return PartStream(events.append, "t1.1", clock=lambda: next(times)), events

    def test_parts_open_and_close_as_their_kinds_change(self):
        stream, events = self.stream()
        for piece in (
            ThinkingPiece(["hm"]),
            TextPiece(["Hello "]),
            TextPiece(["there"]),
            ToolCallPiece(0, name="bash"),
        ):
            stream.on_piece(piece)
        stream.close()
        assert [(e.type, getattr(e, "kind", getattr(e, "delta", ""))) for e in events] == [
            ("part.started", "thinking"),
            ("part.updated", "hm"),
            ("part.completed", ""),
            ("part.started", "text"),
            ("part.updated", "Hello "),
            ("part.updated", "there"),
            ("part.completed", ""),
            ("part.started", "tool_call"),
            ("part.completed", ""),
        ]

    def test_updates_come_at_most_twenty_times_a_second(self):
        stream, events = self.stream(tick=0.001)
        for _ in range(200):
            stream.on_piece(TextPiece(["x"]))
        stream.close()
        updates = [event for event in events if event.type == "part.updated"]
        assert "".join(event.delta for event in updates) == "x" * 200
        assert len(updates) <= 10

    def test_a_retry_discards_what_was_shown_and_starts_with_new_ids(self):
        stream, events = self.stream()
        stream.on_piece(TextPiece(["half"]))
        stream.discard("the stream was cut")
        stream.on_piece(TextPiece(["whole"]))
        ids = [event.part_id for event in events if event.type == "part.started"]
        assert len(set(ids)) == 2
        assert "".join(stream.text) == "whole"
        assert [event.part_id for event in events if event.type == "part.discarded"] == ids[:1]
