"""Transcripts and exports: everything a person wants to see again, nothing that a terminal would obey."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.events import (
    ApprovalResolved,
    CommandRun,
    MessageAdded,
    PartStarted,
    PartUpdated,
    ToolCompleted,
    ToolStarted,
    TurnStarted,
)
from kimicode.messages import Message, Text, decode, user
from kimicode.sessions.export import to_json, to_markdown
from kimicode.sessions.replay import replay
from kimicode.sessions.transcript import printable, transcript
from tests.fakes.recorded_session import asking, ended, lifecycle, started


def kinds(*events) -> list[str]:
    return [block.kind for block in transcript(events)]


# --- transcript -----------------------------------------------------------------------------------------------


def test_a_transcript_tells_the_session_in_order():
    assert [(block.kind, block.title) for block in transcript(lifecycle("boom"))] == [
        ("session", "Session 20261122-104501-k3f9: kimi-k2.6 in /home/me/project"),
        ("prompt", "Prompt"),
        ("answer", "Answer"),
        ("diff", "strreplace: src/größe.py (+1 -1)"),
        ("tool", "bash: exit 2, 3.2 s"),
        ("notice", "The window is 85 % full."),
        ("answer", "Answer"),
        ("result", "finished (2 steps, 12 s, $0.5000)"),
        ("session", "resumed: kimi-k2.6 in /home/me/project"),
        ("tool", "run by hand: exit 0, 0.1 s"),
        ("notice", "2 files restored as before step 3"),
        ("notice", "went back to before the prompt: and commit it"),
        ("notice", "history compacted from 240,000 to 9,000 tokens"),
        ("prompt", "Prompt"),
        ("tool", "view: viewed logo.png"),
        ("answer", "Answer"),
        ("result", "finished (2 steps, 12 s, $0.2500)"),
    ]


def test_thinking_is_told_only_when_asked_for():
    thoughts = [block.body for block in transcript(lifecycle(), thinking=True) if block.kind == "thinking"]
    assert thoughts == ["hmm, a lone half: \ufffd"]


def test_messages_that_the_agent_adds_within_a_turn_are_told():
    events = (
        TurnStarted("t", "go"),
        MessageAdded(user("go")),
        MessageAdded(user("You repeat yourself.")),
        *ended("t", 1),
    )
    assert kinds(*events) == ["prompt", "message", "result"]


def test_a_session_that_died_tells_what_it_was_doing():
    events = (TurnStarted("t", "go"), asking(("a", "bash", "{}")))
    assert list(transcript(events))[-1].title == "the last turn never ended; 1 tool call unfinished"
    streaming = (TurnStarted("t", "go"), PartStarted("p", "text"), PartUpdated("p", "half an ans"))
    assert kinds(*streaming) == ["prompt", "answer", "notice"]


def test_an_answer_that_came_through_a_tool_stands_before_the_result():
    events = (TurnStarted("t", "go"), asking(("a", "submit", "{}")), *ended("t", 1, answer="All tests pass."))
    assert [block.body for block in transcript(events)] == ["go", "All tests pass.", "2 files changed"]


def test_refused_and_failed_calls_show_why():
    refused = ToolCompleted("a", "bash", True, (Text("denied: too dangerous"),), None, 0.0, {})
    events = (ToolStarted("a", "bash", '{"command": "rm"}'), ApprovalResolved("a", False, "too dangerous"), refused)
    notice, tool = transcript(events)
    assert (notice.title, notice.ok) == ("denied: too dangerous", False)
    assert (tool.title, tool.body, tool.ok) == ('bash {"command": "rm"}', "denied: too dangerous", False)


def test_control_characters_are_shown_not_obeyed():
    assert printable("a\x1b[31m\x07\x00\x7f\x9b\u202e\r\nb\rc\td\ud800") == "a␛[31m␇␀␡\ufffd\ufffd\nb␍c\td\ufffd"


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.text(st.characters(), max_size=50))
def test_whatever_was_stored_can_be_printed(text):
    shown = printable(text)
    shown.encode("utf-8")
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in shown if letter not in "\n\t")
    assert printable(shown) == shown


# --- Markdown -------------------------------------------------------------------------------------------------


def test_markdown_holds_prompts_answers_commands_changes_and_the_result():
    text = to_markdown(lifecycle("boom"))
    assert text.startswith(
        "# Session 20261122-104501-k3f9: kimi-k2.6 in /home/me/project\n\n## Prompt\n\n> fix the größe"
    )
    assert "\n\nI look first.\n\n" in text
    assert "**bash: exit 2, 3.2 s**\n\n```text\n$ make\nboom\n```\n" in text
    assert "```diff\n-a\n+b\n```" in text
    assert "## Result: finished (2 steps, 12 s, $0.5000)\n\n2 files changed\n" in text
    assert text.endswith("2 files changed\n")


def test_a_fence_in_an_output_does_not_end_the_fence_around_it():
    output = "```python\nprint()\n````"
    event = ToolCompleted("a", "bash", False, (), CommandRun("cat README.md", output, 0), 0.0, {})
    assert f"`````text\n$ cat README.md\n{output}\n`````" in to_markdown([event])


def test_titles_keep_their_stars_and_brackets():
    assert "**glob \\*\\*/\\[a\\]\\_\\<b\\>.py**" in to_markdown(
        [ToolStarted("a", "glob", "**/[a]_<b>.py"), ToolCompleted("a", "glob", False, (), None, 0.0, {})]
    )


# --- JSON -----------------------------------------------------------------------------------------------------


def test_json_holds_the_history_and_the_last_result():
    exported = json.loads(json.dumps(to_json(lifecycle())))
    assert exported["version"] == 1
    assert exported["session_id"] == "20261122-104501-k3f9"
    assert (exported["status"], exported["steps"]) == ("finished", 4)
    assert exported["result"]["summary"] == "2 files changed"
    assert decode(exported["messages"]) == replay(lifecycle()).messages


def test_a_session_without_a_result_exports_none():
    exported = to_json((started(), MessageAdded(Message("assistant", (Text("hi"),)))))
    assert exported["result"] is None
    assert exported["status"] is None
