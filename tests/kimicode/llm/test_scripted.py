"""The scripted model: a small server that plays a script and remembers what it was asked."""

import asyncio
import json
import sys

import pytest

from kimicode.errors import DiskError, ModelError, UsageError
from kimicode.llm.model import ModelRequest
from kimicode.llm.scripted import Reply, ScriptedServer, load_script
from kimicode.messages import Message, ToolCall, Usage, user
from tests.fakes.talk import REQUEST, ask


async def test_replies_are_played_in_order_and_requests_recorded():
    async with ScriptedServer([Reply("one"), Reply("two")]) as server:
        assert (await ask(server.base_url)).reply.message.text == "one"
        assert (await ask(server.base_url)).reply.message.text == "two"
        assert [r["messages"][-1]["content"] for r in server.requests] == ["hello", "hello"]


async def test_a_reply_may_be_made_from_the_request():
    async with ScriptedServer([lambda request: Reply(f"{len(request['tools'])} tools")]) as server:
        assert (await ask(server.base_url)).reply.message.text == "2 tools"


async def test_a_script_that_is_over_says_so():
    async with ScriptedServer([]) as server:
        with pytest.raises(ModelError, match="the script is over after 0 replies"):
            await ask(server.base_url)


async def test_call_ids_go_on_counting_over_the_conversation():
    history = (user("x"), Message("assistant", (ToolCall("a", "bash", "{}"),)))
    async with ScriptedServer([Reply(calls=[("bash", {"command": "ls"})])]) as server:
        reply = (await ask(server.base_url, ModelRequest(history, REQUEST.tools))).reply
    assert reply.message.tool_calls[0].id == "functions.bash:1"


SCRIPT = [
    {"text": "hi", "calls": [{"name": "bash", "arguments": {"command": "ls"}}], "usage": {"input_tokens": 5}},
    {"thinking": "hm", "finish_reason": "length", "usage": None},
]


def test_a_script_is_read_from_json(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(json.dumps(SCRIPT))
    assert load_script(path) == [
        Reply("hi", calls=(("bash", {"command": "ls"}),), usage=Usage(5)),
        Reply(thinking="hm", finish_reason="length", usage=None),
    ]


@pytest.mark.parametrize("text", ["{", '[{"txt": 1}]', "[3]", '[{"calls": [{}]}]'])
def test_a_bad_script_is_explained(tmp_path, text):
    path = tmp_path / "script.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"script\.json"):
        load_script(path)
    with pytest.raises(DiskError):
        load_script(tmp_path / "absent.json")


async def test_the_command_line_serves_a_script(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(json.dumps(SCRIPT))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kimicode.llm.scripted", str(path), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        assert (await ask(url)).reply.message.text == "hi"
    finally:
        process.terminate()
        await process.wait()
