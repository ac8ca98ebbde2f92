import json
import time

import httpx2
import openai
import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from kimicode_engine.errors import RequestError
from kimicode_engine.output import (
    Content,
    Delta,
    FinishReason,
    Reasoning,
    TokenLogprob,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from kimicode_engine.request import SamplingParams
from kimicode_engine.server.asked import Asked
from kimicode_engine.server.openai_fold import ChatFold, CompletionFold
from kimicode_engine.template.messages import Conversation, Message
from tests.fakes.engine_tokenizer import byte_tokenizer

TOKENIZER = byte_tokenizer()
HELLO = Conversation((Message("user", "hello"),))
USAGE = Usage(prompt_tokens=10, completion_tokens=7, cached_tokens=4, reasoning_tokens=3)
DELTAS = [
    Delta((Reasoning("Let me "),)),
    Delta((Reasoning("see. ü"), Content('Hi\u2028 "you"'))),
    Delta((ToolCallStart(0, "functions.ls:0", "ls"),)),
    Delta((ToolCallArguments(0, '{"path"'), ToolCallArguments(0, ': "."}'))),
    Delta((ToolCallStart(1, "functions.pwd:1", "pwd"), ToolCallArguments(1, "{}"))),
    Delta((), usage=USAGE, finish=FinishReason.TOOL_CALLS),
]
TEXT = [Delta((Content("Hel"),)), Delta((Content("lo"),), usage=USAGE, finish=FinishReason.STOP)]


def asked(*, stream, conversation=HELLO, choices=1, usage=True, logprobs=None):
    params = SamplingParams(max_tokens=0, logprobs=logprobs)
    prompt = None if conversation else "a"
    return Asked(params, conversation, prompt, choices=choices, stream=stream, include_usage=usage)


def fold(kind=ChatFold, **options):
    return kind(asked(**options), TOKENIZER, id="chatcmpl-1", model="kimi-k2.6", created=1)


def streamed(deltas, kind=ChatFold, **options):
    """The events of a stream, parsed."""
    events = fold(kind, stream=True, **options)
    body = b"".join([events.start(), *(events.feed(0, delta) for delta in deltas), events.finish()])
    return body, [json.loads(line[6:]) for line in body.split(b"\n\n") if line and line != b"data: [DONE]"]


def whole(deltas, kind=ChatFold, **options):
    answer = fold(kind, stream=False, **options)
    for delta in deltas:
        assert answer.feed(0, delta) == b""
    return json.loads(answer.response())


def official(body, kind="text/event-stream"):
    """OpenAI's own client, connected to a server that answers with these bytes."""
    answer = httpx2.Response(200, content=body, headers={"content-type": kind})
    transport = httpx2.MockTransport(lambda request: answer)
    return openai.OpenAI(api_key="none", base_url="http://local", http_client=httpx2.Client(transport=transport))


def test_a_stream_has_the_exact_shape_and_order():
    _, events = streamed(DELTAS)
    deltas = [ChatCompletionChunk.model_validate(event, strict=True).choices for event in events]
    assert [choices[0].delta.to_dict() for choices in deltas if choices] == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Let me "},
        {"reasoning_content": "see. ü"},
        {"content": 'Hi\u2028 "you"'},
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "functions.ls:0",
                    "type": "function",
                    "function": {"name": "ls", "arguments": ""},
                }
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"path"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ': "."}'}}]},
        {
            "tool_calls": [
                {
                    "index": 1,
                    "id": "functions.pwd:1",
                    "type": "function",
                    "function": {"name": "pwd", "arguments": ""},
                }
            ]
        },
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]
    assert [event["choices"][0]["finish_reason"] for event in events[:-1]] == [None] * 9 + ["tool_calls"]
    assert all(event["usage"] is None for event in events[:-1])


def test_the_last_chunk_has_the_usage_if_it_was_asked_for():
    body, events = streamed(DELTAS)
    assert body.endswith(b"data: [DONE]\n\n")
    assert events[-1]["choices"] == []
    usage = ChatCompletionChunk.model_validate(events[-1]).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (10, 7, 17)
    assert usage.prompt_tokens_details.cached_tokens == 4
    assert usage.completion_tokens_details.reasoning_tokens == 3
    _, without = streamed(DELTAS, usage=False)
    assert not any("usage" in event for event in without)


def test_openais_client_reads_the_stream():
    body, _ = streamed(DELTAS)
    with official(body).chat.completions.stream(model="m", messages=[]) as stream:
        final = stream.get_final_completion()
    message = final.choices[0].message
    assert (message.content, message.reasoning_content) == ('Hi\u2028 "you"', "Let me see. ü")
    assert [(call.id, call.function.arguments) for call in message.tool_calls] == [
        ("functions.ls:0", '{"path": "."}'),
        ("functions.pwd:1", "{}"),
    ]
    assert final.usage.total_tokens == 17


def test_streams_are_ascii_so_that_nothing_cuts_a_character():
    body, _ = streamed(DELTAS)
    assert body.isascii()


def test_a_whole_response_says_the_same():
    body = whole(DELTAS)
    answer = ChatCompletion.model_validate(body, strict=True)
    message = answer.choices[0].message
    assert (message.content, message.reasoning_content) == ('Hi\u2028 "you"', "Let me see. ü")
    assert [call.function.arguments for call in message.tool_calls] == ['{"path": "."}', "{}"]
    assert (answer.choices[0].finish_reason, answer.usage.total_tokens) == ("tool_calls", 17)


def test_content_is_null_where_there_are_only_calls_and_empty_where_there_is_nothing():
    assert whole(DELTAS[2:])["choices"][0]["message"]["content"] is None
    nothing = whole([Delta((), usage=USAGE, finish=FinishReason.LENGTH)])["choices"][0]
    assert (nothing["message"]["content"], nothing["finish_reason"]) == ("", "length")


def test_choices_are_kept_apart_and_share_one_prompt():
    answer = fold(stream=False, choices=2)
    answer.feed(1, Delta((Content("two"),), usage=Usage(10, 2, cached_tokens=9), finish=FinishReason.STOP))
    answer.feed(0, Delta((Content("one"),), usage=Usage(10, 1, cached_tokens=4), finish=FinishReason.LENGTH))
    body = json.loads(answer.response())
    assert [choice["message"]["content"] for choice in body["choices"]] == ["one", "two"]
    assert (body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"]) == (10, 3)
    assert body["usage"]["prompt_tokens_details"]["cached_tokens"] == 4
    stream = fold(stream=True, choices=2)
    assert stream.start().count(b"assistant") == 2
    assert b'"index":1,' in stream.feed(1, Delta((Content("two"),)))


def test_logprobs_come_with_their_bytes_and_alternatives():
    rows = (TokenLogprob(0xC3, -0.5, ((0xC3, -0.5), (65, float("-inf")))),)
    deltas = [Delta((), logprobs=rows), Delta((Content("ü"),), logprobs=rows, usage=USAGE, finish=FinishReason.STOP)]
    _, events = streamed(deltas, logprobs=2)
    chunks = [ChatCompletionChunk.model_validate(event, strict=True).choices for event in events]
    first = next(choices[0].logprobs for choices in chunks if choices and choices[0].logprobs)
    assert (first.content[0].token, first.content[0].bytes, first.content[0].logprob) == ("�", [0xC3], -0.5)
    assert [(top.token, top.logprob) for top in first.content[0].top_logprobs] == [("�", -0.5), ("A", -9999.0)]
    answer = ChatCompletion.model_validate(whole(deltas, logprobs=2), strict=True)
    assert len(answer.choices[0].logprobs.content) == 2


def test_an_error_in_the_middle_ends_the_stream():
    broken = Delta((Content("a"),), finish=FinishReason.ERROR, error="the logits are no numbers", usage=USAGE)
    body, events = streamed([*TEXT[:1], broken])
    assert events[-1]["error"] == {
        "message": "the logits are no numbers",
        "type": "server_error",
        "param": None,
        "code": "model_error",
    }
    assert b"[DONE]" not in body
    with pytest.raises(openai.APIError, match="no numbers"):
        list(official(body).chat.completions.create(model="m", messages=[], stream=True))


def test_an_error_from_outside_ends_the_stream_too():
    events = fold(stream=True)
    assert json.loads(events.error(RequestError("stopping", status=503))[6:])["error"]["message"] == "stopping"
    assert events.feed(0, TEXT[0]) == events.finish() == b""


def test_a_completion_streams_text():
    body, events = streamed(TEXT, CompletionFold, conversation=None)
    assert {event["object"] for event in events} == {"text_completion"}
    seen = [
        chunk.choices[0]
        for chunk in official(body).completions.create(model="m", prompt="a", stream=True)
        if chunk.choices
    ]
    assert [choice.text for choice in seen] == ["Hel", "lo", ""]
    assert [choice.finish_reason for choice in seen] == [None, None, "stop"]


def test_a_whole_completion_has_legacy_logprobs():
    rows = tuple(TokenLogprob(token, -0.25, ((token, -0.25),)) for token in b"Hi")
    body = whole([Delta((Content("Hi"),), logprobs=rows, usage=USAGE, finish=FinishReason.STOP)], CompletionFold,
                 conversation=None, logprobs=1)  # fmt: skip
    choice = Completion.model_validate(body, strict=True).choices[0]
    assert (choice.text, choice.logprobs.tokens, choice.logprobs.text_offset) == ("Hi", ["H", "i"], [0, 1])
    assert choice.logprobs.top_logprobs == [{"H": -0.25}, {"i": -0.25}]


def test_a_chunk_is_cheap():
    events, delta = fold(stream=True), Delta((Content(" token"),))
    rounds = 2000
    started = time.process_time()
    for _ in range(rounds):
        events.feed(0, delta)
    assert (time.process_time() - started) / rounds < 100e-6
