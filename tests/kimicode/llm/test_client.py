"""The client against a scripted model over real HTTP: streaming, thinking, calls, usage, switches, windows."""

import asyncio
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kimicode.config.catalog import ThinkingSwitch, model_info
from kimicode.errors import ConfigError, ModelNotFound, ModelUnreachable
from kimicode.llm.model import ModelRequest
from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.messages import Message, Text, TextPiece, Thinking, ThinkingPiece, ToolCall, ToolResult, user
from tests.fakes.model_server import (
    FaultServer,
    delta,
    drip,
    endless,
    keep_alives,
    raw_event,
    stall,
    status,
    stream,
    strict,
)
from tests.fakes.talk import PLAIN, REQUEST, ask, client_of

ROOT = Path(__file__).parents[3]


async def test_text_and_thinking_arrive_in_pieces_and_as_a_message():
    async with ScriptedServer([Reply("The answer is forty-two.", thinking="Let me think about it.")]) as server:
        heard = await ask(server.base_url)
    assert heard.reply.message == Message(
        "assistant", (Thinking("Let me think about it."), Text("The answer is forty-two."))
    )
    assert heard.reply.finish_reason == "stop"
    texts = [piece.text for piece in heard.pieces if type(piece) is TextPiece]
    assert len(texts) > 1
    assert "".join(texts) == "The answer is forty-two."
    assert any(type(piece) is ThinkingPiece for piece in heard.pieces)


async def test_several_calls_of_one_message_keep_their_order_and_arguments():
    reply = Reply("Doing it.", calls=[("bash", {"command": "ls ä"}), ("bash", {"command": "pwd"}), ("submit", {})])
    async with ScriptedServer([reply]) as server:
        heard = await ask(server.base_url)
    calls = heard.reply.message.tool_calls
    assert [(c.name, json.loads(c.arguments)) for c in calls] == [
        ("bash", {"command": "ls ä"}),
        ("bash", {"command": "pwd"}),
        ("submit", {}),
    ]
    assert len({c.id for c in calls}) == 3
    assert heard.reply.finish_reason == "tool_calls"
    assert not heard.reply.invalid
    assert heard.reply.recovered == 0


@pytest.mark.parametrize("reply", [Reply(), Reply(thinking="only thoughts")])
async def test_an_empty_answer_is_an_answer(reply):
    async with ScriptedServer([reply]) as server:
        heard = await ask(server.base_url)
    assert heard.reply.message.text == ""
    assert heard.reply.finish_reason == "stop"
    assert not heard.retries


async def test_a_slow_drip_that_splits_characters_and_lines_is_put_together():
    reply = Reply("Grüße, 世界 🎉\u2028!", calls=[("bash", {"command": "echo 🎉"})])
    async with FaultServer([drip(reply, size=3, pause=0)]) as server:
        heard = await ask(server.base_url, idle_timeout=1.0)
    assert heard.reply.message.text == reply.text
    assert json.loads(heard.reply.message.tool_calls[0].arguments) == {"command": "echo 🎉"}


async def test_keep_alives_hold_the_watchdog_off():
    async with FaultServer([keep_alives(Reply("late"), count=6, pause=0.1)]) as server:
        heard = await ask(server.base_url, idle_timeout=0.4)
    assert heard.reply.message.text == "late"
    assert not heard.retries


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
async def test_all_line_ends_of_event_streams_are_understood(end):
    chunks = [raw_event(delta(content="a"), end), raw_event(delta(content="b"), end), raw_event(delta("stop"), end)]
    async with FaultServer([stream(*chunks)]) as server:
        assert (await ask(server.base_url)).reply.message.text == "ab"


async def test_oddities_that_harm_nobody_are_ignored():
    odd: dict[str, Any] = {
        "choices": [{"delta": {"content": "x", "mood": {"a": [1]}, "tool_calls": None}, "logprobs": 3}],
        "new": 1,
    }
    chunks: list[dict[str, Any] | bytes] = [
        b"event: message\nid: 7\nretry: 10\n: ping\n",
        odd,
        {"choices": []},
        b"data: 17\n\n",
        b"data:\n\n",
    ]
    async with FaultServer([stream(*chunks, delta("stop"), b"data: [DONE]\n\n", kind="text/plain")]) as server:
        assert (await ask(server.base_url)).reply.message.text == "x"


@pytest.mark.parametrize(
    ("done", "last"), [(False, "stop"), (True, None), (True, "eos_token"), (True, "function_call")]
)
async def test_either_a_finish_reason_or_done_ends_an_answer(done, last):
    async with FaultServer([stream(delta(content="ok"), delta(last), done=done)]) as server:
        heard = await ask(server.base_url)
    assert (heard.reply.message.text, heard.reply.finish_reason) == ("ok", "stop")
    assert not heard.retries


async def test_a_server_that_does_not_stream_is_understood():
    whole = {"choices": [{"message": {"role": "assistant", "content": "all at once"}, "finish_reason": "stop"}]}
    body = json.dumps(whole, indent=2).encode()
    async with FaultServer([stream(body, kind="application/json", done=False)]) as server:
        assert (await ask(server.base_url)).reply.message.text == "all at once"


async def test_a_server_that_keeps_the_line_open_after_the_end_costs_a_moment_only():
    async with FaultServer([stall(delta(content="ok"), delta("stop"))]) as server:
        heard = await ask(server.base_url, idle_timeout=0.5)
    assert heard.reply.message.text == "ok"
    assert not heard.retries


async def test_cancelling_hangs_up_at_once():
    gone = asyncio.Event()
    async with FaultServer([endless(delta(reasoning_content="~"), gone)]) as server:
        client = client_of(server.base_url)
        task = asyncio.create_task(client.complete(REQUEST, lambda piece: None, lambda event: None))
        while not server.requests:
            await asyncio.sleep(0.01)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 20)
        assert time.monotonic() - started < 20
        await client.close()


async def test_the_history_goes_out_as_the_catalogue_says():
    history = (
        user("do it"),
        Message("assistant", (Thinking("hm"), ToolCall("x", "bash", '{"command": "ls"}'))),
        Message("tool", (ToolResult("x", "bash", (Text("a.py"),)),)),
    )
    info = model_info("moonshotai/Kimi-K2.6", "http://127.0.0.1:8000/v1")
    async with ScriptedServer([Reply("done")]) as server:
        await ask(server.base_url, ModelRequest(history, REQUEST.tools), info=info, model="moonshotai/Kimi-K2.6")
        (sent,) = server.requests
    assert sent["messages"][1] == {
        "role": "assistant",
        "content": "",
        "reasoning_content": "hm",
        "tool_calls": [
            {
                "id": "functions.bash:0",
                "type": "function",
                "function": {"name": "bash", "arguments": '{"command": "ls"}'},
            }
        ],
    }
    assert sent["messages"][2]["tool_call_id"] == "functions.bash:0"
    assert sent["chat_template_kwargs"] == {"thinking": True, "preserve_thinking": True}
    assert (sent["temperature"], sent["top_p"], sent["max_tokens"]) == (1.0, 0.95, 32_768)
    assert sent["stream_options"] == {"include_usage": True}


async def test_a_persons_own_fields_go_with_every_request_and_over_kimicodes():
    info = replace(model_info("kimi-k2.6", "http://127.0.0.1:8000/v1"), extra_body={"top_k": 40, "temperature": 0.2})
    async with ScriptedServer([Reply("done")]) as server:
        await ask(server.base_url, REQUEST, info=info)
        (sent,) = server.requests
    assert (sent["top_k"], sent["temperature"], sent["top_p"]) == (40, 0.2, 0.95)


async def test_moonshots_api_gets_its_own_switch_and_no_sampling():
    info = model_info("kimi-k2.6", "https://api.moonshot.ai/v1")
    assert info.thinking is ThinkingSwitch.MOONSHOT
    async with ScriptedServer([Reply("a"), Reply("b")]) as server:
        await ask(server.base_url, info=info)
        await ask(server.base_url, info=info, thinking=False)
        thinking, instant = server.requests
    assert thinking["thinking"] == {"type": "enabled", "keep": "all"}
    assert instant["thinking"] == {"type": "disabled"}
    assert "temperature" not in thinking
    assert "top_p" not in instant


@pytest.mark.parametrize("fields", [("stream_options",), ("chat_template_kwargs",), ("temperature", "top_p")])
async def test_optional_fields_that_a_server_refuses_are_dropped_for_good(fields):
    info = model_info("local", "http://127.0.0.1:8000/v1")
    turns = [strict(fields, Reply("fine")) for _ in range(len(fields) + 2)]
    async with FaultServer(turns) as server:
        client = client_of(server.base_url, info=info)
        for _ in range(2):
            reply = await client.complete(REQUEST, lambda piece: None, lambda event: None)
            assert reply.message.text == "fine"
        await client.close()
        assert len(server.requests) == len(fields) + 2


async def test_the_key_goes_out_only_where_there_is_one():
    seen = []

    async def look(reader, writer):
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    script = (
        "import asyncio, sys; from tests.fakes.talk import client_of\n"
        "asyncio.run(client_of(sys.argv[1], api_key=sys.argv[2] or None).served_window())"
    )
    strangers = {"OPENAI_API_KEY": "sk-other", "OPENAI_ORG_ID": "org-private", "HTTP_PROXY": "http://127.0.0.1:1"}
    async with await asyncio.start_server(look, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        for key in ("", "sk-secret"):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", script, url, key, env={**os.environ, **strangers}, cwd=ROOT
            )
            assert await process.wait() == 0
    assert "authorization" not in seen[0]
    assert "authorization: bearer sk-secret" in seen[1]
    assert "org-private" not in "".join(seen)


@pytest.mark.parametrize(
    ("models", "window"),
    [
        ([{"id": "scripted", "max_model_len": 65_536}], 65_536),
        ([{"id": "other", "context_length": 1}, {"id": "scripted", "context_length": 131_072}], 131_072),
        ([{"id": "scripted", "context_window": 8_192}], 8_192),
        ([{"id": "whatever.gguf", "meta": {"n_ctx": 4_096, "n_ctx_train": 262_144}}], 4_096),
        ([{"id": "scripted"}], None),
        ([{"id": "a", "max_model_len": 1}, {"id": "b", "max_model_len": 2}], None),
        ([], None),
    ],
)
async def test_the_served_window_is_read_from_the_list_of_models(models, window):
    async with ScriptedServer([], models=models) as server:
        client = client_of(server.base_url)
        assert await client.served_window() == window
        await client.close()


async def test_no_list_of_models_is_no_error():
    client = client_of("http://127.0.0.1:1/v1")
    assert await client.served_window() is None
    with pytest.raises(ModelUnreachable):
        await client.first_model()
    await client.close()


async def test_the_first_model_is_the_first_of_the_list():
    async with ScriptedServer([], models=[{"id": "a"}, {"id": "b"}]) as server, ScriptedServer([], models=[]) as empty:
        client, nobody = client_of(server.base_url), client_of(empty.base_url)
        assert await client.first_model() == "a"
        with pytest.raises(ModelNotFound, match="does not list"):
            await nobody.first_model()
        await client.close()
        await nobody.close()


async def test_an_address_that_is_none_is_said_at_once():
    with pytest.raises(ConfigError, match="not an address"):
        await ask("api.example.com/v1")


async def test_a_limit_too_large_for_the_window_is_left_to_the_server():
    message = "max_tokens is too large: 32768. This model's maximum context length is 16384 tokens."
    info = model_info("local", "http://127.0.0.1:8000/v1")
    async with FaultServer([status(400, message), Reply("fits")]) as server:
        assert (await ask(server.base_url, info=info)).reply.message.text == "fits"
        assert "max_tokens" not in server.requests[1]
    assert PLAIN.known is False
