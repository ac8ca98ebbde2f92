"""The command line as a process: what it refuses and how it says so, and its life from ready to drained."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import torch

from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.config import read_config
from kimicode_engine.limits import Limits
from kimicode_engine.scripted import ScriptedRunner
from kimicode_engine.server.console import Console
from kimicode_engine.server.listener import bind
from kimicode_engine.server.loading import Loaded, choose_dtype
from kimicode_engine.server.options import is_loopback, parse
from kimicode_engine.server.serve import main, serve
from kimicode_engine.tokenizer import Tokenizer
from tests.fakes.engine_server import chat, contents, request_bytes


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A checkpoint whose latents have an fp8 layout."""
    folder = tmp_path_factory.mktemp("wide")
    write_tiny(folder, kv_lora_rank=128)
    return folder


# --- refusals -----------------------------------------------------------------------------------------------


def test_the_help_teaches_by_examples(capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert "--plan" in text
    assert "examples:" in text
    assert "exit codes:" in text


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "--checkpoint"),
        (["--port", "70000"], "--port"),
        (["--max-running", "0"], "--max-running"),
        (["--drain-timeout", "nan"], "--drain-timeout"),
        (["--dtype", "int8"], "--dtype"),
        (["--no-api-key", "--api-key-file", "x"], "not allowed with"),
        (["--host", "0.0.0.0"], "--api-key-file"),
        (["--host", "0.0.0.0", "--no-api-key"], "--api-key-file"),
    ],
)
def test_a_usage_error_is_one_message_and_exit_code_1(capsys, arguments, word):
    given = ["--checkpoint", "x", *arguments] if arguments else []
    with pytest.raises(SystemExit) as ended:
        parse(given)
    assert ended.value.code == 1
    assert word in capsys.readouterr().err


def test_only_addresses_of_this_machine_are_loopback():
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.5", "localhost.evil.example", ""))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "tpu"], "auto, cpu, cuda"),
        (["--device", "cpu:0"], "auto, cpu, cuda"),
        (["--cache-memory", "0.00001"], "--cache-memory"),
        (["--cache-dtype", "fp8"], "--cache-dtype fp8 does not fit this model"),
        (["--cache-dtype", "bf16", "--dtype", "float32"], "--dtype bfloat16"),
        (["--api-key-file", "{folder}/nothing"], "key file"),
        (["--api-key-file", "{folder}/config.json"], "one line"),
        (["--state-file", "/dev/null/state.json"], "state file"),
    ],
)
def test_what_cannot_be_served_is_one_message_and_exit_code_1(tiny, capsys, arguments, words):
    filled = [argument.format(folder=tiny) for argument in arguments]
    assert main(["--checkpoint", str(tiny), "--port", "0", "--quiet", *filled]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has one")
def test_a_missing_cuda_device_is_said(tiny, capsys):
    assert main(["--checkpoint", str(tiny), "--device", "cuda", "--plan"]) == 1
    assert "no CUDA device" in capsys.readouterr().err


def test_a_missing_checkpoint_is_said(tmp_path, capsys):
    assert main(["--checkpoint", str(tmp_path), "--port", "0"]) == 1
    assert "config.json is missing" in capsys.readouterr().err


def test_a_taken_port_is_said_before_anything_is_loaded(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--checkpoint", str(tmp_path / "nothing"), "--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert f"port {port} on 127.0.0.1 is taken" in error
    assert "--port 0" in error


def test_the_plan_is_a_table_and_loads_nothing(tiny, capsys):
    assert main(["--checkpoint", str(tiny), "--device", "cpu", "--plan"]) == 0
    table = capsys.readouterr().out
    assert "routed experts" in table
    assert "It fits." in table


def test_the_plan_says_what_a_token_takes_in_an_fp8_cache(wide, capsys):
    assert main(["--checkpoint", str(wide), "--device", "cpu", "--plan", "--cache-dtype", "fp8"]) == 0
    assert f"tokens of {3 * (128 + 4 + 2 * 16)} bytes" in capsys.readouterr().out


def test_float32_is_chosen_where_it_fits(tiny):
    config, cpu = read_config(tiny), torch.device("cpu")
    assert choose_dtype("auto", config, cpu) is torch.float32
    assert choose_dtype("bfloat16", config, cpu) is torch.bfloat16
    assert choose_dtype("auto", config, torch.device("cuda")) is torch.bfloat16


def test_the_command_says_how_threads_wait_before_torch_is_there():
    code = "import sys, kimicode_engine.__main__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- a life -------------------------------------------------------------------------------------------------


def start(tiny, state, *arguments):
    command = [sys.executable, "-m", "kimicode_engine", "--checkpoint", str(tiny), "--port", "0", "--device", "cpu"]
    process = subprocess.Popen(
        [*command, "--state-file", str(state), *arguments],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 40
    while not state.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process, json.loads(state.read_text())


def open_stream(state, **fields):
    """A stream of which the first bytes have come."""
    host, port = state["base_url"].removeprefix("http://").removesuffix("/v1").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    body = chat(stream=True, ignore_eos=True, temperature=0, **fields)
    connection.sendall(request_bytes("/v1/chat/completions", body, key=state["api_key"]))
    return connection, connection.recv(1)


def test_sigterm_lets_an_answer_end_and_a_stop_removes_the_state(tiny, tmp_path):
    process, state = start(tiny, tmp_path / "state.json")
    assert (state["pid"], state["model"], state["window"]) == (process.pid, tiny.name, 4096)
    connection, heard = open_stream(state, max_tokens=60)
    process.send_signal(signal.SIGTERM)
    while block := connection.recv(65536):
        heard += block
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 0
    assert heard.count(b'"finish_reason":"length"') == 1
    assert heard.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert len(contents(heard.decode())) > 20
    assert not (tmp_path / "state.json").exists()
    assert said.count(state["api_key"]) == 1
    assert [line.split(":")[0].split()[0] for line in said.splitlines()] == [
        "kimicode",
        "loaded",
        "ready",
        "api",
        "stopping",
        "stopped",
    ]


def test_an_fp8_cache_serves(wide, tmp_path):
    process, state = start(wide, tmp_path / "state.json", "--cache-dtype", "fp8", "--quiet")
    connection, heard = open_stream(state, max_tokens=90)
    process.send_signal(signal.SIGTERM)
    while block := connection.recv(65536):
        heard += block
    assert process.communicate(timeout=20)[1].count("\n") == 1, "nothing but the key"
    assert process.returncode == 0
    assert heard.count(b'"finish_reason":"length"') == 1
    assert len(contents(heard.decode())) > 20


def test_the_end_of_stdin_drains_and_a_signal_then_ends_at_once(tiny, tmp_path):
    process, state = start(tiny, tmp_path / "state.json", "--exit-with-stdin", "--quiet", "--no-api-key")
    assert state["api_key"] is None
    connection, _ = open_stream(state | {"api_key": "any"}, max_tokens=3900)
    process.stdin.close()
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.wait(timeout=5)
    assert process.returncode == 130
    assert not (tmp_path / "state.json").exists()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    connection.close()


async def test_a_crash_of_the_engine_ends_the_server_with_its_trace(tiny, tmp_path, capsys):
    def script(request, context):
        raise KeyError("a bug in the engine")

    tokenizer = Tokenizer.load(tiny, read_config(tiny))
    loaded = Loaded(ScriptedRunner(8, tokenizer.vocab_size, script), tokenizer, Limits(window=512, pages=8))
    path = tmp_path / "state.json"
    options = parse(["--checkpoint", str(tiny), "--port", "0", "--state-file", str(path), "--quiet"])
    ended = asyncio.create_task(serve(loaded, options, Console(sys.stderr, quiet=True), bind("127.0.0.1", 0), "a-key"))
    async with asyncio.timeout(8):
        while not path.exists():
            await asyncio.sleep(0.01)
        port = int(json.loads(path.read_text())["base_url"].removesuffix("/v1").rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_bytes("/v1/chat/completions", chat(), key="a-key"))
        assert b" 500 " in await reader.readline()
        writer.close()
        assert await ended == 2
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "a bug in the engine" in error
    assert not path.exists()
