"""The audit tells what was asked, run and written, in order and whole."""

import json

import pytest

from kimicode.events import (
    ApprovalRequested,
    ApprovalResolved,
    Brief,
    CommandRun,
    ModeChanged,
    Notice,
    Result,
    SessionStarted,
    ShellCompleted,
    ToolCompleted,
    TurnStarted,
)
from kimicode.messages import Usage
from kimicode.sessions.audit import audit, counted
from kimicode.sessions.journal import Journal
from kimicode.workspace.snapshots import State
from kimicode.workspace.steplog import Change, StepLog

LONG = "printf x; " * 400


@pytest.fixture
def recorded(tmp_path):
    journal = Journal.create(tmp_path / "s" / "one")
    for event in (
        SessionStarted("one", "/p", "k", "ask", "1", sandbox="bubblewrap", trusted=True),
        TurnStarted("t1", "do it\nnow"),
        ApprovalRequested("c1", "bash", f"bash: {LONG}", cwd="/p", digest="abc"),
        ApprovalResolved("c1", True, "", "session", "abc"),
        ToolCompleted("c1", "bash", False, (), CommandRun(LONG, "out", 3), 1.5, {"output_bytes": 4711}),
        ApprovalResolved("c2", False, "a rule of the user refuses it"),
        ToolCompleted("c3", "bash", False, (), CommandRun("id", "x", 0, outside=True), 0.1, {}),
        ShellCompleted("s1", "ls", "a", 0, 0.1),
        ModeChanged("auto"),
        Result("finished", 0, "one", 4, Usage(), 0.0, 2.0, (), ""),
    ):
        journal.append(event)
    journal.close()
    changes = (Change("/p/a", State("absent"), State("file", 0o644, "d" * 64, 12)),)
    StepLog(journal.folder / "undo").append("agent", "t1", "bash", changes, call_id="c1")
    return journal.folder


def test_everything_that_was_done_is_told_in_order(recorded):
    kinds = [entry.kind for entry in audit(recorded)]
    assert kinds == [
        *("session", "prompt", "asked", "allowed", "command", "wrote", "denied", "command", "by hand", "mode", "result")
    ]


def test_no_command_is_shortened_and_each_has_its_end_and_its_bytes(recorded):
    command, outside = (entry for entry in audit(recorded) if entry.kind == "command")
    assert LONG.strip() in command.line()
    assert "exit 3, 1.5 s, 4,711 bytes" in command.line()
    assert "outside of the sandbox" in outside.line()
    assert command.facts["output_bytes"] == 4711


def test_files_stand_behind_the_call_that_wrote_them(recorded):
    (wrote,) = (entry for entry in audit(recorded) if entry.kind == "wrote")
    assert wrote.text == "/p/a (absent -> 12 bytes)"


def test_an_answer_names_its_question_and_what_it_is_bound_to(recorded):
    (allowed,) = (entry for entry in audit(recorded) if entry.kind == "allowed")
    assert "bash: printf x" in allowed.text
    assert allowed.facts["digest"] == "abc"
    assert "\n" not in "".join(entry.line() for entry in audit(recorded))


def test_hosts_that_commands_reached_or_did_not_are_told_and_pages_with_their_address(tmp_path):
    journal = Journal.create(tmp_path / "s" / "two")
    page = {"url": "https://a.example/x?y", "bytes": 4711}
    for event in (
        Notice("info", "network", "a command reaches pypi.org:443"),
        Notice("info", "price-unknown", "of no interest here"),
        Notice("warning", "network", "a command was kept from evil.example:443"),
        ToolCompleted("c1", "fetch", False, (), Brief("read"), 0.5, page),
    ):
        journal.append(event)
    journal.close()
    lines = [entry.line() for entry in audit(journal.folder)]
    told = ("pypi.org:443", "evil.example:443", "https://a.example/x?y, 4,711 bytes")
    assert [words in line for words, line in zip(told, lines, strict=True)] == [True, True, True]


def test_the_last_line_counts(recorded):
    assert counted(list(audit(recorded))) == "2 commands (4,712 bytes of output), 1 file written, 1 question, 1 denied"
    for entry in audit(recorded):
        json.dumps(dict(entry.facts))


def test_a_damaged_record_is_passed_over(recorded):
    with (recorded / "journal.jsonl").open("ab") as file:
        file.write(b'{"v":1,"type":"mode.changed","mode":3}\n\xff\xfe\n')
    assert len(list(audit(recorded))) == 11
