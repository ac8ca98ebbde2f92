"""Replay gives the messages that the live run would send, and a sendable history for any journal whatever."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.events import (
    CompactionCompleted,
    Event,
    MessageAdded,
    ModeChanged,
    ModelChanged,
    PartDiscarded,
    PartStarted,
    PartUpdated,
    PlanStep,
    Rewound,
    StepStarted,
    TitleChanged,
    ToolCompleted,
    ToolStarted,
    TurnStarted,
    UsageUpdated,
)
from kimicode.messages import Image, Message, Text, ToolCall, ToolResult, Usage, user
from kimicode.sessions.records import from_line, to_line
from kimicode.sessions.replay import INTERRUPTED, History, replay
from tests.fakes.recorded_session import SESSION_ID, USAGE, asking, done, ended, first_turn, lifecycle, started

MAKE = '{"command": "make"}'


def results(history: History) -> list[tuple[str, str, bool]]:
    """Every tool result as (call id, text, is_error)."""
    parts = [part for message in history.messages for part in message.parts if isinstance(part, ToolResult)]
    return [
        (part.call_id, "".join(t.text for t in part.content if isinstance(t, Text)), part.is_error) for part in parts
    ]


def made_up(call_id: str) -> tuple[str, str, bool]:
    return call_id, INTERRUPTED[0].text, True


def assert_sendable(messages: tuple[Message, ...]) -> None:
    """The API's rules: every call is answered, once, directly after its message, and nothing else is answered."""
    for before, message in zip((None, *messages), messages, strict=False):
        if message.role == "tool":
            assert before
            assert before.role == "assistant"
            answered = [part.call_id for part in message.parts if isinstance(part, ToolResult)]
            assert answered == [call.id for call in before.tool_calls]
            assert len(answered) == len(message.parts) > 0
        else:
            assert not (before and before.role == "assistant" and before.tool_calls)
        for call in message.tool_calls if message.role == "assistant" else ():
            assert isinstance(json.loads(call.arguments), dict)
    assert not messages or messages[-1].role != "assistant" or not messages[-1].tool_calls


# --- what the live run would send -----------------------------------------------------------------------------


def test_an_empty_journal_is_an_empty_history():
    history = replay(())
    assert (history.messages, history.prompts, history.status, history.steps) == ((), (), None, 0)
    assert history.usage == Usage()


def test_results_stand_in_the_order_of_the_calls_in_one_message_after_them():
    assistant = next(e.message for e in first_turn("boom") if isinstance(e, MessageAdded) and e.message.tool_calls)
    assert replay((started(), *first_turn("boom"))).messages == (
        user("fix the größe 修正して\nplease 🙂"),
        assistant,
        Message(
            "tool",
            (
                ToolResult("c1", "bash", (Text("boom"),), is_error=True),
                ToolResult("c2", "strreplace", (Text("edited"),)),
            ),
        ),
    )


def test_a_compaction_replaces_all_messages_before_it():
    assert replay(lifecycle()).messages == (
        Message("system", (Text("You are a coding agent."),)),
        user("summary of what was done"),
        user("now view the logo"),
        asking(("c1", "view", '{"path": "logo.png"}')).message,
        Message("tool", (ToolResult("c1", "view", (Image("image/png", "iVBORw0K"),)),)),
        Message("assistant", (Text("A red circle."),)),
    )


def test_a_compaction_may_keep_calls_with_their_results():
    kept = (user("so far"), asking(("c7", "bash", MAKE)).message, Message("tool", (ToolResult("c7", "bash", ()),)))
    history = replay((MessageAdded(user("old")), CompactionCompleted(9, 1, kept), MessageAdded(user("new"))))
    assert history.messages == (*kept, user("new"))


def test_the_rest_of_the_history_is_what_the_events_last_said():
    history = replay(lifecycle())
    assert history.session_id == SESSION_ID
    assert (history.cwd, history.model, history.mode) == ("/home/me/project", "kimi-k2.6", "auto")
    assert history.prompts == ("fix the größe 修正して\nplease 🙂", "now view the logo")
    assert history.plan == (PlanStep("look", "done"), PlanStep("fix", "active"))
    assert (history.status, history.steps, history.interrupted_calls, history.partial) == ("finished", 4, 0, "")


def test_usage_and_steps_are_those_of_all_runs_though_each_run_counts_for_itself():
    history = replay(lifecycle())
    assert (history.usage, history.steps) == (USAGE + USAGE + USAGE, 4)
    crashed = (started(), StepStarted("t1", 1), UsageUpdated(USAGE, USAGE, 1, 2), StepStarted("t1", 2))
    again = (started(resumed=True), StepStarted("t1", 1), UsageUpdated(USAGE, USAGE, 1, 2))
    history = replay((*crashed, *again))
    assert (history.usage, history.steps) == (USAGE + USAGE, 3)
    # A summary for a compaction is charged without an update of its own; the run's result has it.
    assert replay((*crashed, *again, *ended("t1", 1, USAGE + USAGE))).usage == USAGE + USAGE + USAGE


def test_replay_of_what_was_written_is_replay_of_what_was_emitted():
    written = [from_line(to_line(event, 1.0)) for event in lifecycle()]
    assert replay([record.event for record in written if record]) == replay(lifecycle())


# --- crashes --------------------------------------------------------------------------------------------------


def test_calls_that_a_crash_left_open_are_answered_as_interrupted():
    events = (
        TurnStarted("t", "go"),
        MessageAdded(user("go")),
        asking(("a", "bash", MAKE), ("b", "bash", MAKE), ("c", "bash", MAKE)),
        ToolStarted("b", "bash", MAKE),
        done("b", "built"),
        ToolStarted("a", "bash", MAKE),
    )
    history = replay(events)
    assert results(history) == [made_up("a"), ("b", "built", False), made_up("c")]
    assert (history.interrupted_calls, history.status) == (2, None)
    assert "may or may not have taken effect" in INTERRUPTED[0].text
    assert_sendable(history.messages)


def test_once_the_session_goes_on_the_answers_stay_the_same_but_are_news_no_longer():
    crashed = (asking(("a", "bash", MAKE)), ToolStarted("a", "bash", MAKE))
    resumed = (*crashed, started(resumed=True), TurnStarted("t2", "go on"), MessageAdded(user("go on")))
    assert replay(resumed).messages == (*replay(crashed).messages, user("go on"))
    assert replay(crashed).interrupted_calls == 1
    assert replay(resumed).interrupted_calls == 0


def test_a_result_that_comes_after_the_next_prompt_still_stands_behind_its_call():
    history = replay((asking(("a", "bash", MAKE)), MessageAdded(user("hurry")), done("a", "built")))
    assert [message.role for message in history.messages] == ["assistant", "tool", "user"]
    assert results(history) == [("a", "built", False)]


def test_results_without_a_call_are_dropped_and_of_two_the_first_counts():
    history = replay(
        (done("x", "early"), asking(("a", "bash", MAKE)), done("a", "one"), done("a", "two"), done("x", "?"))
    )
    assert results(history) == [("a", "one", False)]


def test_ids_may_repeat_in_a_session_and_even_in_a_message():
    again = (asking(("a", "bash", MAKE)), done("a", "first"), asking(("a", "bash", MAKE)), done("a", "second"))
    assert [text for _, text, _ in results(replay(again))] == ["first", "second"]
    twins = (asking(("a", "bash", MAKE), ("a", "bash", MAKE)), done("a", "first"), done("a", "second"))
    assert [text for _, text, _ in results(replay(twins))] == ["first", "second"]


@pytest.mark.parametrize("arguments", ["", "{", "[]", "null", '{"a": 1} trailing', "[" * 100_000])
def test_arguments_that_are_no_object_never_reach_the_model_again(arguments):
    messages = replay((asking(("a", "bash", arguments)), done("a", "?"))).messages
    assert messages[0].tool_calls == (ToolCall("a", "bash", "{}"),)


def test_streamed_text_without_its_message_is_kept_apart():
    streamed = (
        StepStarted("t", 1),
        PartStarted("p0", "text"),
        PartUpdated("p0", "lost"),
        PartDiscarded("p0", "reset"),
        PartStarted("p1", "thinking"),
        PartUpdated("p1", "secret"),
        PartStarted("p2", "text"),
        PartUpdated("p2", "half an "),
        PartUpdated("p2", "answer"),
    )
    assert replay(streamed).partial == "half an answer"
    assert replay(streamed).messages == ()
    assert replay((*streamed, started(resumed=True))).partial == "half an answer"
    assert replay((*streamed, MessageAdded(Message("assistant", (Text("half an answer"),))))).partial == ""
    assert replay((*streamed, StepStarted("t", 2))).partial == ""


# --- any journal ----------------------------------------------------------------------------------------------


def test_every_prefix_of_a_session_gives_a_sendable_history_that_only_grows():
    events = lifecycle("short")
    before: tuple[Message, ...] = ()
    for length in range(len(events) + 1):
        messages = replay(events[:length]).messages
        assert_sendable(messages)
        settled = [message for message in before if message.role != "tool"]
        if not any(isinstance(event, (CompactionCompleted, Rewound)) for event in events[:length][-1:]):
            assert [message for message in messages if message.role != "tool"][: len(settled)] == settled
        before = messages


CALL_IDS = st.sampled_from("abc")
CALLS = st.lists(st.tuples(CALL_IDS, st.just("bash"), st.sampled_from(["{}", MAKE, "broken"])), max_size=3)
ASSISTANTS = CALLS.map(lambda calls: asking(*calls))
RESULTS = CALL_IDS.map(lambda call_id: done(call_id, "ok"))
TOOL_MESSAGES = CALL_IDS.map(lambda call_id: Message("tool", (ToolResult(call_id, "bash", ()),)))
COMPACTIONS = st.lists(ASSISTANTS.map(lambda event: event.message) | TOOL_MESSAGES, max_size=3).map(
    lambda messages: CompactionCompleted(2, 1, tuple(messages))
)
EVENTS = st.one_of(
    st.sampled_from(lifecycle("short")), ASSISTANTS, RESULTS, TOOL_MESSAGES.map(MessageAdded), COMPACTIONS
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(EVENTS, max_size=30))
def test_any_events_in_any_order_give_a_sendable_history(events: list[Event]):
    history = replay(events)
    assert_sendable(history.messages)
    again = replay([MessageAdded(message) for message in history.messages])
    assert again.messages == history.messages


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.sets(st.integers(0, len(lifecycle("")) - 1), max_size=8))
def test_a_session_that_lost_some_records_is_still_sendable(lost):
    events = [event for number, event in enumerate(lifecycle("short")) if number not in lost]
    history = replay(events)
    assert_sendable(history.messages)
    if not any(isinstance(event, ToolCompleted) for event in events):
        assert all(is_error for _, _, is_error in results(history))


# --- what a person changes ------------------------------------------------------------------------------------


def test_going_back_leaves_out_the_turn_and_all_that_came_after_it():
    first, second = user("first"), user("second")
    events = (
        TurnStarted("t1", "first"),
        MessageAdded(first, "prompt"),
        MessageAdded(Message("assistant", (Text("done"),))),
        TurnStarted("t2", "second"),
        MessageAdded(second, "prompt"),
        TurnStarted("t3", "third"),
        Rewound("t2", "second", (first,)),
        TurnStarted("t4", "instead"),
    )
    history = replay(events)
    assert history.messages == (first,)
    assert history.turns == (("t1", "first"), ("t4", "instead"))
    assert len(history.prompts) == 4  # later turns need ids that were never used


def test_the_last_mode_model_and_title_count():
    events = (started(), ModeChanged("plan"), ModelChanged("other", False, 1_000), TitleChanged("a"), TitleChanged("b"))
    history = replay(events)
    assert (history.mode, history.model, history.title) == ("plan", "other", "b")
