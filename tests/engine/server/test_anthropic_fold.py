import json
import re

import anthropic
import httpx2
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from kimicode_engine.errors import RequestError
from kimicode_engine.output import Content, Delta, FinishReason, Reasoning, ToolCallArguments, ToolCallStart, Usage
from kimicode_engine.request import SamplingParams
from kimicode_engine.server.anthropic_fold import MessageFold, tool_use_id
from kimicode_engine.server.asked import Asked

EVENTS = TypeAdapter(RawMessageStreamEvent)
USAGE = Usage(prompt_tokens=10, completion_tokens=7, cached_tokens=4, reasoning_tokens=3)
DELTAS = [
    Delta((Reasoning("Let me "),)),
    Delta((Reasoning("see. ü"), Content("Hi"))),
    Delta((Content(" you"), ToolCallStart(0, "functions.my.ls:3", "my.ls"))),
    Delta((ToolCallArguments(0, '{"path"'), ToolCallArguments(0, ': "."}'))),
    Delta((ToolCallStart(1, "functions.pwd:4", "pwd"), ToolCallArguments(1, "{}"))),
    Delta((), usage=USAGE, finish=FinishReason.TOOL_CALLS),
]


def fold(*, stream):
    asked = Asked(SamplingParams(max_tokens=100), stream=stream)
    return MessageFold(asked, id="msg_1", model="kimi-k2.6", prompt_tokens=10)


def streamed(deltas):
    events = fold(stream=True)
    return b"".join([events.start(), *(events.feed(0, delta) for delta in deltas), events.finish()])


def parsed(body):
    """The events, checked against the official client's types; the event's name is the data's type."""
    result = []
    for event in body.decode("ascii").split("\n\n")[:-1]:
        name, data = re.fullmatch(r"event: (\w+)\ndata: (.*)", event).groups()
        assert json.loads(data)["type"] == name
        result.append(EVENTS.validate_json(data))
    return result


def whole(deltas):
    answer = fold(stream=False)
    for delta in deltas:
        assert answer.feed(0, delta) == b""
    return Message.model_validate(json.loads(answer.response()), strict=True)


def official(body, kind="text/event-stream"):
    """Anthropic's own client, connected to a server that answers with these bytes."""
    answer = httpx2.Response(200, content=body, headers={"content-type": kind})
    transport = httpx2.MockTransport(lambda request: answer)
    return anthropic.Anthropic(
        api_key="none", base_url="http://local", http_client=httpx2.Client(transport=transport), max_retries=0
    )


def final(body):
    with official(body).messages.stream(model="m", max_tokens=1, messages=[]) as stream:
        return stream.get_final_message()


def test_a_stream_opens_and_closes_every_block_in_order():
    events = parsed(streamed(DELTAS))
    shape = [f"{event.type} {getattr(event, 'index', '')}".strip() for event in events]
    assert shape == [
        "message_start",
        *("content_block_start 0", *["content_block_delta 0"] * 3, "content_block_stop 0"),
        *("content_block_start 1", *["content_block_delta 1"] * 2, "content_block_stop 1"),
        *("content_block_start 2", *["content_block_delta 2"] * 2, "content_block_stop 2"),
        *("content_block_start 3", "content_block_delta 3", "content_block_stop 3"),
        "message_delta",
        "message_stop",
    ]
    assert events[4].delta.type == "signature_delta"


def test_anthropics_client_reads_the_stream():
    message = final(streamed(DELTAS))
    thinking, text, first, second = message.content
    assert (thinking.thinking, text.text) == ("Let me see. ü", "Hi you")
    assert thinking.signature
    assert (first.id, first.name, first.input) == ("toolu_3_my_ls", "my.ls", {"path": "."})
    assert (second.id, second.input) == ("toolu_4_pwd", {})
    assert message.stop_reason == "tool_use"


def test_usage_tells_what_was_computed_and_what_was_cached():
    for message in (final(streamed(DELTAS)), whole(DELTAS)):
        usage = message.usage
        assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (6, 4, 7)
        assert usage.output_tokens_details.thinking_tokens == 3


def test_a_whole_message_says_the_same():
    streams, answer = final(streamed(DELTAS)), whole(DELTAS)
    assert [block.to_dict() for block in answer.content] == [block.to_dict() for block in streams.content]
    assert (answer.id, answer.role, answer.model) == (streams.id, streams.role, streams.model)
    assert whole(DELTAS).stop_reason == "tool_use"


@pytest.mark.parametrize(
    ("finish", "stop", "reason"),
    [
        (FinishReason.STOP, None, "end_turn"),
        (FinishReason.LENGTH, None, "max_tokens"),
        (FinishReason.STOP, "END", "stop_sequence"),
        (FinishReason.CANCELLED, None, "end_turn"),
    ],
)
def test_the_reason_to_stop_is_in_anthropics_words(finish, stop, reason):
    deltas = [Delta((Content("a"),)), Delta((), usage=USAGE, finish=finish, stop=stop)]
    for message in (whole(deltas), final(streamed(deltas))):
        assert (message.stop_reason, message.stop_sequence) == (reason, stop)


def test_text_after_a_call_is_a_block_of_its_own():
    deltas = [*DELTAS[3:4], Delta((Content("Done."),), usage=USAGE, finish=FinishReason.STOP)]
    deltas = [Delta((ToolCallStart(0, "functions.ls:0", "ls"),)), *deltas]
    for message in (whole(deltas), final(streamed(deltas))):
        assert [block.type for block in message.content] == ["tool_use", "text"]


@pytest.mark.parametrize("fragments", [['["a"', ', "ü"]'], ["  ", "plain", ' "text"'], ["5"]])
def test_arguments_that_are_no_object_arrive_as_a_text_inside_of_one(fragments):
    pieces = [ToolCallStart(0, "functions.ls:0", "ls"), *(ToolCallArguments(0, text) for text in fragments)]
    deltas = [Delta((piece,)) for piece in pieces] + [Delta((), usage=USAGE, finish=FinishReason.TOOL_CALLS)]
    assert final(streamed(deltas)).content[0].input["arguments"].strip() == "".join(fragments).strip()
    assert whole(deltas).content[0].input["arguments"].strip() == "".join(fragments).strip()


def test_a_call_cut_off_in_its_arguments_still_ends_its_block():
    deltas = [
        Delta((ToolCallStart(0, "functions.ls:0", "ls"), ToolCallArguments(0, '{"path": "a'))),
        Delta((), usage=USAGE, finish=FinishReason.LENGTH),
    ]
    assert final(streamed(deltas)).stop_reason == "max_tokens"
    assert whole(deltas).content[0].input == {"arguments": '{"path": "a'}


def test_an_answer_of_nothing_is_an_empty_message():
    deltas = [Delta((), usage=USAGE, finish=FinishReason.STOP)]
    assert whole(deltas).content == final(streamed(deltas)).content == []


def test_an_error_in_the_middle_is_an_event_and_the_end():
    body = streamed([DELTAS[0], Delta((), finish=FinishReason.ERROR, error="the logits are no numbers")])
    *_, last = body.split(b"\n\n")[:-1]
    assert last.startswith(b"event: error\n")
    with pytest.raises(anthropic.APIStatusError, match="no numbers"):
        final(body)


def test_an_error_from_outside_ends_the_stream_too():
    events = fold(stream=True)
    assert b"overloaded_error" in events.error(RequestError("stopping", status=503))
    assert events.finish() == b""


@pytest.mark.parametrize("name", ["bash", "my-server.read_file", "a:b", "ä"])
def test_ids_have_only_the_characters_that_anthropic_allows(name):
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", tool_use_id(f"functions.{name}:7"))
    assert tool_use_id("functions.ls:7") != tool_use_id("functions.ls:8")
