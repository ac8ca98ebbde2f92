"""A server that answers anything at all: what comes of it is a reply or an error that says what is wrong with it."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.errors import KimicodeError
from kimicode.llm.failures import Endpoint
from kimicode.llm.probe import models_in
from kimicode.llm.retry import RetryPolicy, Transient
from kimicode.llm.wire import Outgoing
from tests.fakes.damage import damaged, out_of_place, replaced
from tests.fakes.model_server import FaultServer, call, delta, stream
from tests.fakes.talk import PLAIN, REQUEST, client_of

HANGS_S = 20
ONCE = RetryPolicy(attempts=1)
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
GOOD = (
    delta(role="assistant", reasoning_content="Hm.", content="Yes."),
    call(0, "a", "bash", '{"command": "ls"}'),
    delta("tool_calls") | {"usage": USAGE},
)
MODELS = {"object": "list", "data": [{"id": "m", "context_length": 4096, "max_model_len": 4096}]}
ANSWER = Endpoint("http://127.0.0.1:1/v1", "m", "sk-secret")


def in_chunks_of(error_depth):
    return b'{"error":' * error_depth + b'"no"' + b"}" * error_depth


def raw(answer):
    async def fault(request, writer):
        writer.write(answer)

    return fault


async def replies_to(*faults):
    """What came of each of these answers: a reply, or None for an error of ours."""
    found = []
    async with FaultServer(faults) as server:
        client = client_of(server.base_url, retry=ONCE, idle_timeout=HANGS_S)
        try:
            for _ in faults:
                found.append(await one(client))
        finally:
            await client.close()
    return found


async def one(client):
    try:
        return await client.complete(REQUEST, lambda piece: None, lambda retry: None)
    except KimicodeError as error:
        said = f"{error.message} {error.hint}"
    assert said.strip()
    assert "sk-secret" not in said
    return None


def sent_back(message):
    """The same message as the next request carries it: what no server takes would end the conversation for good."""
    (wire, *_) = Outgoing(PLAIN).wire_of([message])
    json.dumps(wire, ensure_ascii=False).encode()
    for sent in wire.get("tool_calls", []):
        assert isinstance(json.loads(sent["function"]["arguments"]), dict)
        assert re.fullmatch("[A-Za-z][A-Za-z0-9_-]{0,63}", sent["function"]["name"])
        assert re.fullmatch("[!-~]{1,110}", sent["id"])


@pytest.mark.parametrize("place", range(len(GOOD)))
async def test_a_stream_with_any_value_out_of_place_is_a_reply_or_an_error(place):
    chunks = [stream(*GOOD[:place], other, *GOOD[place + 1 :]) for other in replaced(GOOD[place])]
    replies = await replies_to(*chunks)
    assert any(replies)
    for reply in filter(None, replies):
        sent_back(reply.message)


async def test_a_chunk_that_no_parser_likes_says_nothing_or_is_an_error():
    chunks = (stream(b"data: " + chunk + b"\n\n") for chunk in out_of_place(b""))
    for reply in filter(None, await replies_to(*chunks)):
        assert not reply.message.parts


async def test_heads_that_are_none_are_errors():
    heads = (
        b"",
        b"\r\n\r\n",
        b"HTTP/1.1 999 \r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\ncontent-length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-type: text/event-stream\r\n\r\nno gzip",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=\xff\r\n\r\ndata: \xff\n\n",
        b"HTTP/1.1 429 no\r\nretry-after: 9999999999999999999999\r\n\r\n",
        b"HTTP/1.1 429 no\r\nretry-after: -1\r\n\r\n",
        b"HTTP/1.1 301 no\r\nlocation: http://127.0.0.1:1/\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 1_000_000,
        b"\x16\x03\x01\x00\x00",
        *(b"HTTP/1.1 400 no\r\n\r\n" + in_chunks_of(depth) for depth in (300, 900, 100_000)),
    )
    assert not any(await replies_to(*map(raw, heads)))


@given(st.binary(max_size=200) | damaged(json.dumps({"error": {"message": "no", "code": 429}}).encode()))
def test_the_words_of_an_error_are_short_and_on_one_line(body):
    for status in (400, 429, 500, 600):
        try:
            given_body = json.loads(body)
        except ValueError:
            given_body = body
        error = ANSWER.error_of_status(status, {}, given_body)
        said = error.reason if isinstance(error, Transient) else error.message
        assert len(said) < 600
        assert "\n" not in said


def test_models_are_listed_or_there_is_no_list():
    for body in out_of_place(json.dumps(MODELS).encode()):
        models = models_in(body)
        assert models is None or all(isinstance(model, str) for model in models)
    assert models_in(json.dumps(MODELS).encode()) == ["m"]
