"""Every kind of block at every width, and what each says."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.events import Brief, CommandRun, Diff, PlanStep
from kimicode.tui.content import (
    Call,
    Compacted,
    Markdown,
    Note,
    Plan,
    Prompt,
    Shell,
    Thinking,
    TurnEnd,
    Welcome,
)
from kimicode.tui.palette import DARK, Look
from kimicode.tui.text.calls import duration
from kimicode.tui.text.render import render

LOOK = Look(DARK)
EXPANDED = Look(DARK, expanded=True)
CHANGE = "--- a/app.py\n+++ b/app.py\n@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = 3\n"
HOSTILE = "\x1b]0;x\x07 \x9b2J 漢字 שלום \u202e\U000e0041 👩‍👩‍👧 " + "long " * 60
BASH = Call("1", "bash", '{"command": "make test"}', "done", CommandRun("make test", "ok\n", 0), seconds=3.21)
EDIT = Call("2", "strreplace", '{"path": "app.py"}', "done", Diff("app.py", CHANGE, 1, 1), seconds=0.1)
GALLERY = [
    Prompt(f"fix it\n{HOSTILE}"),
    Prompt("hurry", steered=True),
    Markdown(f"# {HOSTILE}\n- {HOSTILE}\n\n| a | b |\n|-|-|\n| {HOSTILE} | x |\n\n```py\n{HOSTILE}\n```"),
    Markdown("half **writ", open=True, first=False),
    Thinking(HOSTILE),
    Thinking(HOSTILE, 12),
    BASH,
    EDIT,
    Shell(HOSTILE, HOSTILE, 1),
    Plan((PlanStep(HOSTILE, "done"), PlanStep("two", "active"), PlanStep("three"))),
    *[Note(level, HOSTILE) for level in ("info", "warning", "error")],
    Compacted(100_000, 2_000),
    Compacted(100_000, None),
    *[TurnEnd(status, HOSTILE, 75) for status in ("finished", "limit", "stuck", "denied", "error", "interrupted")],
    Welcome("kimicode", (("model", HOSTILE), ("folder", "/home/me"))),
    *[
        Call(
            "3",
            name,
            '{"command": "x", "path": "p", "old_str": "a", "new_str": "b"}',
            state,
            output=HOSTILE,
            reason=HOSTILE,
        )
        for name in ("bash", "view", "createfile", "strreplace", "insert", "plan", "submit", "other")
        for state in ("writing", "waiting", "asked", "running", "done", "failed", "denied", "interrupted")
    ],
]


def painted(content, width=60, look=LOOK):
    return [line.strip.text.rstrip() for line in render(content, width, look)]


@pytest.mark.parametrize("width", [1, 5, 20, 40, 80, 120, 300])
@pytest.mark.parametrize("expanded", [False, True])
def test_no_line_is_too_wide_or_drives_the_terminal(width, expanded):
    for content in GALLERY:
        for line in render(content, width, Look(DARK, expanded=expanded)):
            assert line.strip.cell_length <= width
            assert line.strip.cell_length == sum(segment.cell_length for segment in line.strip)
            assert not set(line.strip.text + line.text) & set("\n\x1b\x07\x9b\u202e\U000e0041")


@pytest.mark.parametrize("width", [20, 80])
def test_what_stands_behind_the_gutter_is_the_text(width):
    for content in GALLERY:
        for line in render(content, width, LOOK):
            if not set(line.strip.text) & set("\u200e"):
                shown = line.strip.crop(line.gutter).text
                assert line.text.rstrip() == shown.rstrip() or (not line.text and line.gutter == line.strip.cell_length)


def test_ascii_has_no_signs_of_ours():
    look = Look(DARK, ascii=True)
    for content in (BASH, EDIT, Prompt("a"), Plan((PlanStep("x", "done"),)), Compacted(1, 2), TurnEnd("limit", "", 9)):
        assert "".join(painted(content, look=look)).isascii()


def test_a_command_shows_what_ran_and_how_it_ended():
    assert painted(BASH) == ["● $ make test", "  │ ok", "  └ 3.2 s"]
    failed = replace(BASH, display=CommandRun("make\ntest", "", 2))
    assert painted(failed) == ["✗ $ make", "    test", "  └ exit 2 · 3.2 s"]
    assert painted(replace(BASH, display=CommandRun("true", "", 0), seconds=0.1)) == ["● $ true", "  └ no output"]
    assert painted(replace(BASH, display=CommandRun("x", "", None)))[-1] == "  └ goes on in the background"


def test_a_long_output_is_folded_to_its_head_and_tail():
    output = "\n".join(f"line {number}" for number in range(1, 129))
    call = replace(BASH, display=CommandRun("x", output, 0), seconds=0)
    assert painted(call)[1:] == [
        *(f"  │ line {number}" for number in (1, 2, 3)),
        "  │ … 120 more lines",
        *(f"  │ line {number}" for number in range(124, 129)),
    ]
    assert len(painted(call, look=EXPANDED)) == 129


def test_a_running_command_shows_what_it_prints():
    running = Call("1", "bash", '{"command": "make"}', "running", output="10 %\r 50 %\n")
    assert painted(running) == ["● $ make", "  │  50 %"]


def test_a_command_that_waits_for_an_approval_hides_nothing():
    asked = Call("1", "bash", '{"command": "rm -rf /\\recho hi"}', "asked")
    assert painted(asked) == ["● $ rm -rf /␍echo hi", "  └ waits for your answer to the question below"]


def test_an_edit_is_its_diff():
    assert painted(EDIT) == ["● edit app.py +1 −1", "  1   a = 1", "  2 − b = 2", "  2 + b = 3"]
    asked = '{"path": "app.py", "old_str": "b = 2", "new_str": "b = 3\\n"}'
    denied = Call("2", "strreplace", asked, "denied")
    assert [line.replace(" ", "") for line in painted(denied)] == ["✗editapp.py", "−b=2", "+b=3", "└denied"]


def test_what_a_question_shows_is_not_shown_twice():
    text = "\\n".join(f"line {number}" for number in range(200))
    asked = Call("2", "createfile", f'{{"path": "a.txt", "file_text": "{text}"}}', "asked")
    assert painted(asked) == ["● create a.txt", "  └ waits for your answer to the question below"]
    assert painted(replace(asked, state="waiting")) == ["● create a.txt"]


def test_a_file_is_seen_while_it_is_written():
    text = "\\n".join(f"line {number}" for number in range(50))
    writing = Call("2", "createfile", f'{{"path": "a.txt", "file_text": "{text}', "writing")
    lines = painted(writing)
    assert lines[0] == "● create a.txt"
    assert lines[-1].endswith("line 49")
    assert len(lines) < 12


def test_a_view_is_one_line():
    done = Call("4", "view", '{"path": "app.py"}', "done", Brief("viewed app.py, lines 1-80 of 200"), "1\timport os")
    assert painted(done) == ["● view app.py 1-80 of 200"]
    assert painted(
        replace(done, state="writing", display=None, arguments='{"path": "app.py", "view_range": [1, 80]')
    ) == ["● view app.py 1-80"]
    assert painted(done, look=EXPANDED)[1:] == ["  │ 1       import os"]


def test_refused_and_failed_calls_say_why():
    assert painted(Call("1", "bash", '{"command": "x"}', "denied", reason="no network"))[-1] == "  └ denied: no network"
    failed = Call("1", "view", '{"path": "x"}', "failed", Brief("there is no file x"), "error: there is no file x")
    assert painted(failed) == ["✗ view x", "  └ there is no file x"]


def test_a_tool_that_nobody_knows_shows_its_arguments_and_its_output():
    call = Call("1", "fetch", '{"url": "http://a.b", "depth": 2}', "done", output="page")
    assert painted(call) == ["● fetch url=http://a.b depth=2", "  │ page"]


def test_the_end_is_told_in_the_models_own_words():
    call = Call("1", "submit", '{"summary": "**Done**:\\n- all"}', "done", Brief("submitted"), "submitted")
    assert painted(call) == ["● submit", "  Done:", "  • all"]


def test_thinking_shows_its_end_and_then_one_line():
    text = "\n".join(f"thought {number}" for number in range(20))
    assert painted(Thinking(text)) == ["▾ thinking", *(f"  thought {number}" for number in range(14, 20))]
    assert painted(Thinking(text, 12.3)) == ["▸ thought for 12 s"]
    assert len(painted(Thinking(text, 12.3), look=EXPANDED)) == 21


def test_a_plan_is_a_check_list():
    plan = Plan((PlanStep("one", "done"), PlanStep("two", "active"), PlanStep("three")))
    assert painted(plan) == ["  ☑ one", "  ◐ two", "  ☐ three"]


def test_the_end_of_a_turn_says_only_what_is_worth_saying():
    assert painted(TurnEnd("finished", "", 3)) == []
    assert painted(TurnEnd("finished", "app.py +1 -1", 75)) == ["· done after 1 min 15 s", "  app.py +1 -1"]
    assert painted(TurnEnd("limit", "", 0.2)) == ["✗ stopped at a limit"]
    assert painted(TurnEnd("error", "", 2, cut=True)) == ["✗ failed after 2.0 s, in the middle of an answer"]


def test_a_pasted_prompt_is_folded():
    lines = painted(Prompt("\n".join("x" * 100)))
    assert len(lines) == 41
    assert lines[-1] == "▌ … 60 more lines"


def test_names_and_values_are_aligned():
    assert painted(Welcome("kimicode", (("model", "k2"), ("cwd", "/x")))) == ["kimicode", "  model  k2", "  cwd    /x"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (61, "1 min 01 s"), (3725, "1 h 02 min")]
)
def test_durations_are_given_in_the_units_that_matter(seconds, words):
    assert duration(seconds) == words


@settings(deadline=None)
@given(st.sampled_from(["bash", "createfile", "strreplace", "view", "plan", "submit", "x"]), st.text(), st.text())
def test_any_call_can_be_shown(name, arguments, output):
    for state in ("writing", "waiting", "running", "done", "failed"):
        for line in render(Call("1", name, arguments, state, output=output), 40, LOOK):
            assert line.strip.cell_length <= 40
