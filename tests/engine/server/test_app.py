"""The routes over real sockets: both official clients, every refusal, and readers that leave, lag or never come."""

import asyncio
import json
import sys
import threading

import anthropic
import openai
import pytest

from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.scripted import NAN, ScriptedRunner, hashed, in_turn
from kimicode_engine.server.console import Console
from kimicode_engine.server.loading import load
from kimicode_engine.server.options import parse
from tests.fakes.engine_server import KEY, chat, contents, request_bytes, saying, serving, spoken, tiny_tokenizer
from tests.fakes.engine_steps import SteppedRunner

CALL = ("<|tool_calls_section_begin|>", "<|tool_call_begin|>", "functions.look:0", "<|tool_call_argument_begin|>")
CALLED = ("<|tool_call_end|>", "<|tool_calls_section_end|>")
LOOK = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return tiny_tokenizer(tmp_path_factory.mktemp("tiny"))


def stepped(tokenizer):
    """A model that never ends an answer by itself and takes a step when it is let."""
    return SteppedRunner(64, tokenizer.vocab_size, tokenizer.encode("a")[0])


# --- official clients ---------------------------------------------------------------------------------------


async def test_openais_client_streams_thinking_text_and_a_call(tokenizer):
    runner = saying(tokenizer, "a plan", "</think>", "I look.", *CALL, '{"path": "a b"}', *CALLED)
    tools = [{"type": "function", "function": {"name": "look", "parameters": LOOK}}]
    async with serving(tokenizer, runner) as server:
        client = openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=KEY)
        messages = [{"role": "user", "content": "what is in a b?"}]
        asked = {"model": "tiny", "messages": messages, "tools": tools}
        whole = await client.chat.completions.create(**asked)
        thought, said, arguments, last = "", "", "", None
        stream = await client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
        async for chunk in stream:
            for choice in chunk.choices:
                thought += getattr(choice.delta, "reasoning_content", None) or ""
                said += choice.delta.content or ""
                arguments += "".join(call.function.arguments or "" for call in choice.delta.tool_calls or ())
            last = chunk
    message = whole.choices[0].message
    assert (thought, said, arguments) == ("a plan", "I look.", '{"path": "a b"}')
    assert (message.reasoning_content, message.content) == ("a plan", "I look.")
    assert message.tool_calls[0].function.arguments == arguments
    assert whole.choices[0].finish_reason == "tool_calls"
    assert last.usage.completion_tokens == whole.usage.completion_tokens
    assert last.usage.prompt_tokens_details.cached_tokens > 0


async def test_anthropics_client_streams_thinking_text_and_a_call(tokenizer):
    runner = saying(tokenizer, "a plan", "</think>", "I look.", *CALL, '{"path": "a b"}', *CALLED)
    async with serving(tokenizer, runner) as server:
        client = anthropic.AsyncAnthropic(base_url=server.url, api_key=KEY)
        asked = {
            "model": "tiny",
            "max_tokens": 500,
            "messages": [{"role": "user", "content": "what is in a b?"}],
            "tools": [{"name": "look", "input_schema": LOOK}],
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        }
        whole = await client.messages.create(**asked)
        async with client.messages.stream(**asked) as stream:
            streamed = await stream.get_final_message()
        counted = await client.messages.count_tokens(
            **{name: asked[name] for name in ("model", "messages", "tools", "thinking")}
        )
    for message in (whole, streamed):
        assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
        assert message.content[0].thinking == "a plan"
        assert message.content[2].input == {"path": "a b"}
        assert message.stop_reason == "tool_use"
    assert counted.input_tokens == whole.usage.input_tokens + (whole.usage.cache_read_input_tokens or 0)


async def test_both_clients_list_the_model_with_its_window(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x"), window=512) as server:
        theirs = await openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=KEY).models.list()
        others = await anthropic.AsyncAnthropic(base_url=server.url, api_key=KEY).models.list()
    assert [model.id for model in theirs.data] == [model.id for model in others.data] == ["tiny"]
    assert theirs.data[0].max_model_len == theirs.data[0].context_length == 512


async def test_a_wrong_key_is_the_clients_authentication_error(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x")) as server:
        with pytest.raises(openai.AuthenticationError):
            await openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="no").models.list()
        with pytest.raises(anthropic.AuthenticationError):
            await anthropic.AsyncAnthropic(base_url=server.url, api_key="no").models.list()


# --- answers ------------------------------------------------------------------------------------------------


async def test_completions_continue_a_prompt_as_it_is(tokenizer):
    async with serving(tokenizer, saying(tokenizer, " world")) as server, server.client() as client:
        whole = await client.post("/v1/completions", json={"prompt": "Hello"})
        stream = await client.post("/v1/completions", json={"prompt": tokenizer.encode("Hello"), "stream": True})
    assert whole.json()["choices"][0]["text"] == " world"
    assert stream.text.endswith("data: [DONE]\n\n")


async def test_choices_share_their_prompt_and_keep_apart(tokenizer):
    answers = [spoken(tokenizer, text) for text in ("one", "two two", "three three three")]
    runner = ScriptedRunner(64, tokenizer.vocab_size, in_turn(*answers))
    async with serving(tokenizer, runner) as server, server.client() as client:
        done = (await client.post("/v1/chat/completions", json=chat("x" * 300, n=3))).json()
        streamed = await client.post("/v1/chat/completions", json=chat("x" * 300, n=3, stream=True))
    assert sorted(choice["message"]["content"] for choice in done["choices"]) == [
        "one",
        "three three three",
        "two two",
    ]
    assert [contents(streamed.text, choice) for choice in range(3)] == ["three three three"] * 3
    assert runner.computed < 3 * 300 + 100


async def test_tokens_go_out_and_come_back(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x")) as server, server.client() as client:
        there = (await client.post("/tokenize", json={"prompt": "grüße 🙂"})).json()
        back = (await client.post("/detokenize", json={"tokens": there["tokens"]})).json()
        unknown = await client.post("/detokenize", json={"tokens": [10**6]})
        rendered = (await client.post("/tokenize", json={"messages": [{"role": "user", "content": "hi"}]})).json()
    assert back == {"prompt": "grüße 🙂"}
    assert there["count"] == len(there["tokens"])
    assert unknown.status_code == 400
    assert rendered["tokens"][0] in tokenizer.control.values()


async def test_nan_before_the_first_token_is_a_500_and_later_an_error_event(tokenizer):
    word = tokenizer.encode("a")[0]
    runner = ScriptedRunner(64, tokenizer.vocab_size, in_turn([NAN], [word, NAN]))
    async with serving(tokenizer, runner) as server, server.client() as client:
        first = await client.post("/v1/chat/completions", json=chat(stream=True))
        later = await client.post("/v1/chat/completions", json=chat(stream=True))
        whole = await client.post("/v1/chat/completions", json=chat())
        await server.until_free()
    assert first.status_code == 500
    assert "NaN" in first.json()["error"]["message"]
    assert later.status_code == 200
    assert "NaN" in later.text
    assert "[DONE]" not in later.text
    assert whole.status_code == 500


async def test_sixty_four_streams_each_say_what_they_say_alone(tokenizer):
    runner = ScriptedRunner(256, tokenizer.vocab_size, hashed(200))
    bodies = [chat(f"question {number}", max_tokens=20, stream=True) for number in range(64)]
    async with serving(tokenizer, runner, pages=256) as server, server.client() as client:
        together = await asyncio.gather(*(client.post("/v1/chat/completions", json=body) for body in bodies))
        alone = [await client.post("/v1/chat/completions", json=body) for body in bodies[::8]]
        await server.until_free()
    assert [contents(one.text) for one in together[::8]] == [contents(one.text) for one in alone]
    assert len({contents(one.text) for one in together}) > 60


async def test_sixty_four_streams_of_a_real_model_lose_and_mix_nothing(tmp_path):
    options = ["--checkpoint", str(tmp_path), "--device", "cpu", "--cache-memory", "0.02"]
    write_tiny(tmp_path)
    loaded = load(parse(options), Console(sys.stderr, quiet=True))
    bodies = [chat(f"question {number}", max_tokens=12, stream=True, temperature=0) for number in range(64)]
    async with serving(loaded.tokenizer, loaded.runner, pages=loaded.limits.pages) as server, server.client() as client:
        together = await asyncio.gather(*(client.post("/v1/chat/completions", json=body) for body in bodies))
        alone = [await client.post("/v1/chat/completions", json=body) for body in bodies[::8]]
        await server.until_free()
    assert [contents(one.text) for one in together[::8]] == [contents(one.text) for one in alone]
    assert len({contents(one.text) for one in together}) > 8


# --- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b"[" * 5000, None),
        (b"\xff\xfe", None),
        (b"[]", None),
        (b"{}", "messages"),
        (json.dumps(chat(n=9)).encode(), "n"),
        (json.dumps(chat(temperature=3)).encode(), "temperature"),
        (
            json.dumps(chat(response_format={"type": "json_schema", "json_schema": {"schema": {"type": 7}}})).encode(),
            ...,
        ),
        (json.dumps(chat("x" * 3000)).encode(), "messages"),
    ],
)
async def test_a_bad_request_is_a_400_that_names_the_field_and_the_next_one_works(tokenizer, body, param):
    async with serving(tokenizer, saying(tokenizer, "fine")) as server, server.client() as client:
        refused = await client.post("/v1/chat/completions", content=body)
        next_one = await client.post("/v1/chat/completions", json=chat())
    error = refused.json()["error"]
    assert refused.status_code == 400, error
    assert error["type"] == "invalid_request_error"
    assert param is ... or error["param"] == param, error
    assert next_one.json()["choices"][0]["message"]["content"] == "fine"


async def test_errors_have_anthropics_shape_on_anthropics_routes(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x")) as server, server.client() as client:
        refused = await client.post("/v1/messages", json={"max_tokens": 1})
        wrong_key = await client.post("/v1/messages", json={}, headers={"authorization": "Bearer no"})
    assert refused.json()["error"]["type"] == "invalid_request_error"
    assert wrong_key.json()["error"]["type"] == "authentication_error"
    assert refused.json()["type"] == wrong_key.json()["type"] == "error"


async def test_unknown_routes_and_methods_are_json_and_carry_a_request_id(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x")) as server, server.client() as client:
        nowhere = await client.get("/v2/thing")
        method = await client.get("/v1/chat/completions")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")
    assert (method.status_code, method.headers["allow"]) == (405, "POST")
    assert nowhere.headers["x-request-id"] != method.headers["x-request-id"]


async def test_a_large_body_is_refused_before_it_is_read_and_its_sender_reads_that(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x")) as server, server.client() as client:
        sent = await client.post("/v1/chat/completions", content=b" " * 9_000_000)
        reader, writer = await server.connect()
        writer.write(
            request_bytes("/v1/messages", {}, headers="Content-Length: 99999999999\r\n").split(b"Content-T")[0]
        )
        writer.write(b"\r\n")
        announced = await asyncio.wait_for(reader.readline(), 2)
        writer.close()

        async def chunks():
            for _ in range(9):
                yield b" " * 1_000_000

        chunked = await client.post("/v1/chat/completions", content=chunks())
    assert sent.status_code == chunked.status_code == 413
    assert b"413" in announced


async def test_long_headers_are_refused(tokenizer):
    async with serving(tokenizer, saying(tokenizer, "x")) as server:
        reader, writer = await server.connect()
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000)
        assert b" 400 " in await reader.readline()
        writer.close()


async def test_health_ready_and_metrics_tell_the_state(tokenizer):
    runner = stepped(tokenizer)
    async with serving(tokenizer, runner, running=1, queued_requests=1) as server, server.client() as client:
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/ready")).json() == {"status": "ready"}
        body = chat("a secret word", stream=True, max_tokens=1000)
        open_ones = [await server.post("/v1/chat/completions", body) for _ in range(2)]
        await server.until(lambda: server.worker.open == 2)
        assert (await client.get("/ready")).status_code == 503
        refused = await client.post("/v1/chat/completions", json=chat())
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["code"] == "queue_full"
        for _, writer in open_ones:
            writer.close()
        await server.until(lambda: server.worker.open == 0)
        runner.release()
        await server.until_free()
        text = (await client.get("/metrics")).text
    assert 'kimicode_requests_total{route="/v1/chat/completions",status="429"} 1.0' in text
    assert "kimicode_cancelled_answers_total 2.0" in text
    assert "secret" not in text


# --- readers that leave or lag ------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
async def test_leaving_while_it_decodes_frees_everything_at_once(tokenizer, stream):
    runner = stepped(tokenizer)
    async with serving(tokenizer, runner) as server:
        reader, writer = await server.post("/v1/chat/completions", chat(stream=stream))
        runner.permit(5)
        await server.until(lambda: server.service.metrics.generated_total > 3)
        writer.close()
        await server.until(lambda: server.worker.open == 0)
        runner.release()
        await server.until_free()
        assert runner.steps <= 5 + 1
    reader.feed_eof()


@pytest.mark.parametrize("stream", [True, False])
async def test_leaving_while_it_waits_or_prefills_frees_everything(tokenizer, stream):
    runner = stepped(tokenizer)
    async with serving(tokenizer, runner, running=1, step_tokens=64) as server:
        body = chat("x" * 1500, stream=stream)
        _, prefilling = await server.post("/v1/chat/completions", body)
        await server.until(lambda: server.worker.open == 1)  # two connections may overtake each other
        _, queued = await server.post("/v1/chat/completions", chat("waits", stream=stream))
        await server.until(lambda: server.worker.open == 2)
        runner.permit(3)
        await server.until(lambda: runner.steps == 3)
        queued.close()
        await server.until(lambda: server.worker.open == 1)
        prefilling.close()
        await server.until(lambda: server.worker.open == 0)
        runner.release()
        await server.until_free()
        assert runner.steps <= 3 + 1
        assert server.service.metrics.generated_total == 0


async def test_a_slow_reader_holds_up_nobody_and_misses_nothing(tokenizer):
    text = "long words " * 150
    async with serving(tokenizer, saying(tokenizer, text), window=4096, pages=128) as server:
        reader, writer = await server.post("/v1/chat/completions", chat(stream=True, n=1))
        writer.transport.pause_reading()
        async with server.client() as client:
            quick = await client.post("/v1/chat/completions", json=chat(stream=True))
        await server.until_free()
        writer.transport.resume_reading()
        slow = (await reader.readuntil(b"data: [DONE]")).decode()
        writer.close()
    assert contents(quick.text) == contents(slow) == text


async def test_silence_is_filled_with_pings(tokenizer):
    gate = threading.Event()
    word = tokenizer.encode("a")[0]

    def script(request, context):
        gate.wait(8)
        return word

    runner = ScriptedRunner(64, tokenizer.vocab_size, script)
    async with serving(tokenizer, runner, beat=0.05) as server:
        reader, writer = await server.post("/v1/chat/completions", chat(stream=True, max_tokens=2))
        heard = await asyncio.wait_for(reader.readuntil(b": ping"), 3)
        gate.set()
        rest = await asyncio.wait_for(reader.readuntil(b"[DONE]"), 3)
        writer.close()
    assert b"200 OK" in heard
    assert contents(rest.decode()) == "aa"


async def test_a_crash_of_the_engine_ends_every_answer_with_an_error(tokenizer):
    class Crash(BaseException):
        """Something that no code foresees."""

    steps = iter(range(3))
    word = tokenizer.encode("a")[0]

    def script(request, context):
        if next(steps, None) is None:
            raise Crash
        return word

    runner = ScriptedRunner(64, tokenizer.vocab_size, script)
    async with serving(tokenizer, runner) as server, server.client() as client:
        broken = await client.post("/v1/chat/completions", json=chat(stream=True))
        health = await client.get("/health")
        after = await client.post("/v1/chat/completions", json=chat())
    assert "crashed" in broken.text
    assert (health.status_code, after.status_code) == (500, 503)
    assert isinstance(server.worker.crash, Crash)
