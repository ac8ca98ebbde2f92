"""Making room: when, what stays, and what happens when a summary itself does not fit."""

from typing import Any

import pytest

from kimicode.agent.compaction import Compaction, threshold
from kimicode.agent.history import History
from kimicode.errors import ContextOverflow
from kimicode.llm.tokens import estimate_tokens
from kimicode.messages import Message, Text, ToolCall, ToolResult, Usage, user

WINDOW = 10_000


def conversation(steps: int, size: int = 400) -> list[Message]:
    messages = [Message("system", (Text("the rules"),)), user("the task, in the person's own words")]
    for i in range(steps):
        messages.append(Message("assistant", (ToolCall(f"c{i}", "bash", "{}"),)))
        messages.append(Message("tool", (ToolResult(f"c{i}", "bash", (Text("x" * size),)),)))
    return messages


def compaction(summarize, window=WINDOW) -> tuple[Compaction, list[Any]]:
    events: list[Any] = []
    return Compaction(window, estimate_tokens, summarize, lambda tokens: "Your plan:\n[x] look", events.append), events


async def note(text: str) -> str:
    return "I fixed half of it."


def test_it_is_due_at_85_percent_or_where_the_reserve_begins():
    assert threshold(10_000) == 8_000
    assert threshold(262_144) == (262_144 - 50_000)
    assert threshold(1_048_576) == int(1_048_576 * 0.85)


async def test_the_rules_and_the_persons_words_stay_and_the_work_becomes_a_note():
    history = History(estimate_tokens, conversation(40))
    making_room, events = compaction(note)
    before = history.tokens
    await making_room.run(history, "full")
    roles = [message.role for message in history.messages]
    assert roles == ["system", "user", "user"]
    assert history.messages[1].text == "the task, in the person's own words"
    assert "I fixed half of it." in history.messages[2].text
    assert "[x] look" in history.messages[2].text
    assert history.tokens < before / 4
    assert events[-1].messages == tuple(history.messages)


async def test_a_second_note_replaces_the_first():
    history = History(estimate_tokens, conversation(40))
    making_room, _ = compaction(note)
    await making_room.run(history, "full")
    making_room.progressed(history)
    for message in conversation(40)[2:]:
        history.add(message)
    await making_room.run(history, "full")
    assert [message.role for message in history.messages] == ["system", "user", "user"]


async def test_of_too_many_words_the_first_and_the_newest_stay():
    said = [user(f"wish {i} " + "please " * 200) for i in range(40)]
    history = History(estimate_tokens, [user("the task"), *said])
    making_room, _ = compaction(note)
    await making_room.run(history, "full")
    kept = [message.text for message in history.messages]
    assert kept[0] == "the task"
    assert kept[-2].startswith("wish 39")
    assert history.tokens < threshold(WINDOW)


async def test_a_summary_that_is_too_long_is_asked_for_with_less_to_read():
    lengths: list[int] = []

    async def strict(text: str) -> str:
        lengths.append(len(text))
        if len(lengths) < 3:
            raise ContextOverflow("too long")
        return "short"

    history = History(estimate_tokens, conversation(60))
    making_room, _ = compaction(strict)
    await making_room.run(history, "full")
    assert lengths[0] > lengths[1] > lengths[2]
    assert "short" in history.messages[-1].text


async def test_three_in_a_row_without_a_request_in_between_are_an_error():
    history = History(estimate_tokens, conversation(10))
    making_room, _ = compaction(note)
    for _ in range(3):
        await making_room.run(history, "full")
    with pytest.raises(ContextOverflow, match="even after compaction"):
        await making_room.run(history, "full")


def test_the_larger_of_the_servers_count_and_ours_counts():
    history = History(estimate_tokens, [user("x" * 700)])
    ours = history.tokens
    history.report(Usage(10, 0, 5))
    assert history.tokens == ours, "a server that cut the prompt reports the cut number"
    history.report(Usage(5_000, 0, 100))
    assert history.tokens == 5_100
    history.add(user("y" * 350))
    assert history.tokens == 5_100 + estimate_tokens([user("y" * 350)])
