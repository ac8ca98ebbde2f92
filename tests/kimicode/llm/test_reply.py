"""From a stream to a reply: thoughts told apart, calls recovered and repaired, repeats cut, usage counted."""

import asyncio
import json
from pathlib import Path

import pytest

from kimicode.config.catalog import ModelInfo, Prices
from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.messages import Text, TextPiece, Thinking, Usage
from tests.fakes.model_server import (
    FaultServer,
    call,
    delta,
    endless,
    stream,
)
from tests.fakes.talk import ask

ROOT = Path(__file__).parents[3]


async def test_reported_usage_is_priced():
    info = ModelInfo(1000, 100, Prices(1.0, 0.5, 2.0))
    async with ScriptedServer([Reply("ok", usage=Usage(1000, 400, 100))]) as server:
        usage = (await ask(server.base_url, info=info)).reply.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (1000, 400, 100)
    assert usage.price == pytest.approx((600 + 200 + 200) / 1e6)
    assert not usage.estimated


@pytest.mark.parametrize("usage", [None, Usage()])
async def test_absent_or_zero_usage_is_estimated(usage):
    async with ScriptedServer([Reply("some words " * 20, usage=usage)]) as server:
        counted = (await ask(server.base_url)).reply.usage
    assert counted.estimated
    assert counted.input_tokens > 20
    assert counted.output_tokens > 40


async def test_moonshots_own_cached_tokens_inside_the_choice_are_read():
    last = delta("stop")
    last["choices"][0]["usage"] = {"prompt_tokens": 50, "completion_tokens": 5, "cached_tokens": 30}
    async with FaultServer([stream(delta(content="hi"), last)]) as server:
        usage = (await ask(server.base_url)).reply.usage
    assert (usage.input_tokens, usage.cached_tokens) == (50, 30)


async def test_think_tags_in_the_content_are_thinking():
    async with ScriptedServer([Reply("<think>first I ponder</think>\n\nThen I speak of `<think>`.")]) as server:
        heard = await ask(server.base_url)
    assert heard.reply.message.parts == (Thinking("first I ponder"), Text("\n\nThen I speak of `<think>`."))
    assert "".join(p.text for p in heard.pieces if type(p) is TextPiece) == "\n\nThen I speak of `<think>`."


async def test_thinking_whose_opening_tag_stood_in_the_prompt_is_told_apart_at_the_end():
    async with ScriptedServer([Reply("hmm, so</think>\n\nDone.")]) as server:
        assert (await ask(server.base_url)).reply.message.parts == (Thinking("hmm, so"), Text("Done."))


async def test_kimis_markers_in_the_reasoning_become_a_call():
    thinking = (
        "I list.<|tool_calls_section_begin|><|tool_call_begin|>functions.bash:0<|tool_call_argument_begin|>"
        '{"command": "ls"}<|tool_call_end|><|tool_calls_section_end|>'
    )
    async with ScriptedServer([Reply(thinking=thinking)]) as server:
        reply = (await ask(server.base_url)).reply
    assert reply.message.parts[0] == Thinking("I list.")
    assert [(c.name, c.arguments) for c in reply.message.tool_calls] == [("bash", '{"command": "ls"}')]
    assert (reply.recovered, reply.finish_reason) == (1, "tool_calls")


async def test_calls_written_as_text_are_recovered_and_taken_out():
    text = 'I run:\n```json\n{"name": "bash", "arguments": {"command": "ls"}}\n```\n'
    async with ScriptedServer([Reply(text)]) as server:
        reply = (await ask(server.base_url)).reply
    assert reply.message.text == "I run:"
    assert len(reply.message.tool_calls) == reply.recovered == 1


async def test_call_ids_that_are_equal_or_missing_are_made_unique():
    chunks = [
        call(0, "a", "bash", '{"command": "1"}'),
        call(1, "a", "bash", '{"command": "2"}'),
        call(2, None, "bash", '{"command": "3"}'),
        call(3, "", "bash", '{"command": "4"}'),
    ]
    async with FaultServer([stream(*chunks, delta("tool_calls"))]) as server:
        calls = (await ask(server.base_url)).reply.message.tool_calls
    assert len({c.id for c in calls}) == 4
    assert all(c.id for c in calls)
    assert [json.loads(c.arguments)["command"] for c in calls] == ["1", "2", "3", "4"]


async def test_calls_without_an_index_or_with_a_repeated_one_stay_apart():
    chunks = [
        call(None, "a", "bash", '{"comm'),
        call(None, None, None, 'and": "1"}'),
        call(None, "b", "submit", "{}"),
    ]
    again = [call(0, "a", "bash", {"command": "1"}), call(0, "b", "submit", "")]
    async with FaultServer([stream(*chunks, delta("stop")), stream(*again, delta("stop"))]) as server:
        for _ in range(2):
            calls = (await ask(server.base_url)).reply.message.tool_calls
            assert [c.name for c in calls] == ["bash", "submit"]
            assert json.loads(calls[0].arguments) == {"command": "1"}


async def test_interleaved_fragments_of_parallel_calls_find_their_call():
    chunks = [
        call(0, "a", "bash", '{"command"'),
        call(1, "b", "bash", '{"command"'),
        call(0, None, None, ': "1"}'),
        call(1, None, None, ': "2"}'),
    ]
    async with FaultServer([stream(*chunks, delta("tool_calls"))]) as server:
        calls = (await ask(server.base_url)).reply.message.tool_calls
    assert [json.loads(c.arguments)["command"] for c in calls] == ["1", "2"]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ('{"command": "ls",}', {"command": "ls"}),
        ("{'command': 'ls', 'deep': None}", {"command": "ls", "deep": None}),
        (json.dumps('{"command": "ls"}'), {"command": "ls"}),
        ('```json\n{"command": "ls"}\n```', {"command": "ls"}),
        ('{"command": "ls"}{"command": "ls"}', {"command": "ls"}),
        ('{"timeout": NaN}', {"timeout": None}),
    ],
)
async def test_malformed_arguments_are_repaired_and_counted(arguments, meant):
    async with ScriptedServer([Reply(calls=[("bash", arguments)])]) as server:
        reply = (await ask(server.base_url)).reply
    assert json.loads(reply.message.tool_calls[0].arguments) == meant
    assert reply.recovered == 1
    assert not reply.invalid


async def test_hopeless_arguments_are_explained_to_the_model():
    async with ScriptedServer([Reply(calls=[("bash", '["ls"]'), ("bash", '{"command": "ls')])]) as server:
        reply = (await ask(server.base_url)).reply
    first, second = reply.message.tool_calls
    assert first.arguments == second.arguments == "{}"
    assert "a list, not an object" in reply.invalid[first.id]
    assert '{"command": string, "timeout": integer (optional)}' in reply.invalid[first.id]
    assert "unterminated string" in reply.invalid[second.id]


async def test_a_call_cut_off_at_the_output_limit_is_reported_not_guessed():
    reply = Reply(calls=[("bash", {"command": "ls"}), ("bash", '{"command": "cat <<EOF')], finish_reason="length")
    async with ScriptedServer([reply]) as server:
        answer = (await ask(server.base_url)).reply
    whole, cut = answer.message.tool_calls
    assert answer.finish_reason == "length"
    assert list(answer.invalid) == [cut.id]
    assert "cut off" in answer.invalid[cut.id]
    assert json.loads(whole.arguments) == {"command": "ls"}


async def test_an_unknown_tool_is_left_for_the_loop_to_answer():
    async with ScriptedServer([Reply(calls=[("fly", {"to": "moon"})])]) as server:
        reply = (await ask(server.base_url)).reply
    assert reply.message.tool_calls[0].name == "fly"
    assert not reply.invalid


@pytest.mark.parametrize("field", ["content", "reasoning_content"])
async def test_a_stream_that_repeats_itself_is_stopped_and_cut(field):
    gone = asyncio.Event()
    async with FaultServer([endless(delta(**{field: "I will try again now. "}), gone)]) as server:
        heard = await ask(server.base_url)
        await asyncio.wait_for(gone.wait(), 2)
    part = heard.reply.message.parts[0]
    assert heard.reply.finish_reason == "repetition"
    assert isinstance(part, (Text, Thinking))
    assert part.text.strip() == "I will try again now."
    assert heard.reply.usage.estimated


async def test_endless_blanks_after_complete_arguments_do_not_cost_the_call():
    blanks = call(0, None, None, " \n\t  " * 20)
    async with FaultServer([stream(call(0, "a", "bash", '{"command": "ls"}'), *[blanks] * 60)]) as server:
        reply = (await ask(server.base_url)).reply
    assert reply.finish_reason == "repetition"
    assert json.loads(reply.message.tool_calls[0].arguments) == {"command": "ls"}
    assert not reply.invalid


async def test_arguments_that_never_stop_repeating_are_an_invalid_call():
    more = call(0, None, None, "echo again && ")
    async with FaultServer([stream(call(0, "a", "bash", '{"command": "'), *[more] * 500)]) as server:
        reply = (await ask(server.base_url)).reply
    (made,) = reply.message.tool_calls
    assert made.arguments == "{}"
    assert "repeated itself" in reply.invalid[made.id]
