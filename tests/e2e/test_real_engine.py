"""`kimicode` with the engine itself: a tiny random checkpoint in the true format, real processes, real HTTP."""

import asyncio
import json
import os
import signal
from pathlib import Path

import jsonschema
import pytest

from kimicode_engine.checkpoint.tiny import write_tiny
from tests.e2e.conftest import over
from tests.e2e.test_local import serving, until
from tests.e2e.test_run import SCHEMA

TASK = "check.py fails, fix it"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "tiny-kimi"
    write_tiny(folder, window=16_384)
    return folder


@pytest.fixture
def small(kimicode):
    """Answers of a few tokens: the model is random and has nothing to say."""
    kimicode.variables = {"KIMICODE_MAX_OUTPUT_TOKENS": "8", "KIMICODE_TEMPERATURE": "0", "OMP_NUM_THREADS": "1"}
    return kimicode


def engines(weights: Path) -> list[int]:
    """The processes that were started with this checkpoint; Linux alone lists them so."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("no /proc here")
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if b"kimicode_engine\0" in command and str(weights).encode() in command:
            found.append(int(path.parent.name))
    return found


async def test_a_served_one_is_joined_and_drains_on_a_signal(small, weights):
    async with serving(small, "--checkpoint", str(weights), "--window", "12000") as (process, state):
        told = json.loads(state.read_text())
        run = await small("run", "--model", "local", "--max-steps", "1", "--output", "stream-json", TASK)
        ended = await over(process, signal.SIGTERM)
    assert run.code == 3, run.stderr
    assert next(record for record in run.records if record["type"] == "session.started")["model"] == "tiny-kimi"
    assert next(record for record in run.records if record["type"] == "usage.updated")["window"] == 12_000
    assert told["api_key"] not in run.stdout
    assert ended.code == 0, ended.stderr
    assert not state.exists()


async def test_when_the_run_is_killed_it_ends_by_itself(small, weights):
    small.variables["KIMICODE_MAX_OUTPUT_TOKENS"] = "10000"
    arguments = ("run", "--model", "local", "--checkpoint", str(weights), "--output", "stream-json", TASK)
    process = await small.start(*arguments)
    async with asyncio.timeout(60):
        while b"part.updated" not in await process.stdout.readline():
            pass
    (engine,) = engines(weights)
    process.kill()
    await process.wait()
    try:
        await until(lambda: not engines(weights))
    finally:
        if engine in engines(weights):
            os.kill(engine, signal.SIGKILL)


async def test_a_checkpoint_that_is_damaged_is_named(small, weights, tmp_path):
    for file in weights.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    damaged = next(tmp_path.glob("*.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-100])
    run = await small("run", "--model", "local", "--checkpoint", str(tmp_path), TASK)
    assert run.code == 1
    assert damaged.name in run.stderr
    assert "Traceback" not in run.stderr


async def test_a_plan_is_printed_and_nothing_served(small, weights):
    run = await small("serve", "--checkpoint", str(weights), "--plan")
    assert run.code == 0, run.stderr
    assert "GB" in run.stdout or "MB" in run.stdout


def forced(kimicode, tool: str) -> None:
    """Let the server force this tool in every answer: its grammar makes even a random model write correct calls."""
    folder = kimicode.home / "kimicode"
    folder.mkdir()
    choice = f'{{ type = "function", function = {{ name = "{tool}" }} }}'
    quotes = '{ "34" = 8.0 }'  # the tokens of bytes are their values; a random model seldom thinks of closing a string
    body = f"{{ tool_choice = {choice}, parallel_tool_calls = false, seed = 4, logit_bias = {quotes} }}"
    (folder / "config.toml").write_text(f'[models."tiny-kimi"]\nextra_body = {body}\n')
    kimicode.variables |= {
        "KIMICODE_THINKING": "false",
        "KIMICODE_MAX_OUTPUT_TOKENS": "500",
        "KIMICODE_TEMPERATURE": "0.7",
    }


async def test_a_run_starts_it_carries_out_the_calls_that_it_forces_and_ends_it(small, weights):
    forced(small, "view")
    arguments = ("--checkpoint", str(weights), "--max-steps", "2", "--output", "stream-json")
    run = await small("run", "--model", "local", *arguments, TASK)
    assert (run.code, run.result["status"]) == (3, "limit"), run.stderr
    for record in run.records:
        jsonschema.validate(record, SCHEMA)
    calls = [record for record in run.records if record["type"] == "tool.completed"]
    assert [call["name"] for call in calls] == ["view", "view"]
    assert run.result["usage"]["output_tokens"] > 8
    assert not run.result["usage"]["estimated"]
    assert run.result["price"] == 0.0
    assert not engines(weights)
