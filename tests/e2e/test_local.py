"""`--model local` and `kimicode serve` from end to end: an engine is found or started, used, and ended."""

import asyncio
import json
import os
import signal
import stat
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kimicode.llm.scripted import Reply, ScriptedServer
from tests.e2e.conftest import FIXED, over
from tests.fakes.local_engine import checkpoint, log, shim

TASK = "check.py fails, fix it"
FIX = ("strreplace", {"path": "double.py", "old_str": "x + x + 1", "new_str": "x + x"})
CHECK = ("bash", {"command": "python3 check.py"})
SOLVED = [{"calls": [CHECK]}, {"calls": [FIX]}, {"calls": [CHECK]}, {"calls": [("submit", {"summary": "Done."})]}]


@pytest.fixture
def faked(kimicode, tmp_path):
    """`kimicode` whose engine is the fake."""
    kimicode.variables = shim(tmp_path / "shim")
    return kimicode


def local(folder: Path, *more: str) -> tuple[str, ...]:
    return ("run", "--model", "local", "--checkpoint", str(folder), "--output", "stream-json", *more, TASK)


@asynccontextmanager
async def serving(kimicode, *arguments: str):
    """`kimicode serve`, ready; its process and the state file."""
    process = await kimicode.start("serve", "--port", "0", *arguments)
    folder = kimicode.home / "kimicode" / "engines"
    try:
        await until(lambda: any(folder.rglob("*.json")), seconds=60.0)
        yield process, next(folder.rglob("*.json"))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def asked(folder):
    return [json.loads(line.removeprefix("asked ")) for line in log(folder) if line.startswith("asked ")]


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def alive(folder: Path) -> bool:
    """Whether the fake's process is still there."""
    pid = int(log(folder)[0].split()[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# --- an engine for one run ------------------------------------------------------------------------------------


async def test_without_an_engine_one_is_started_used_and_stopped(faked, tmp_path):
    weights = checkpoint(tmp_path / "my-kimi", turns=SOLVED, window=40_000)
    run = await faked(*local(weights))
    assert run.code == 0, run.stderr
    assert (faked.project / "double.py").read_text() == FIXED
    assert run.result["price"] == 0.0
    started = next(record for record in run.records if record["type"] == "session.started")
    assert started["model"] == "my-kimi"
    assert log(weights)[-1] == "ended SIGTERM"
    (first, *_) = asked(weights)
    assert first["model"] == "my-kimi"
    assert first["chat_template_kwargs"] == {"thinking": True, "preserve_thinking": True}
    assert (first["temperature"], first["top_p"], first["max_tokens"]) == (1.0, 0.95, 5000)


async def test_keys_and_addresses_of_other_servers_do_not_reach_it(faked, tmp_path):
    weights = checkpoint(tmp_path / "my-kimi", turns=[{"text": "Hello."}])
    faked.variables |= {
        "MOONSHOT_API_KEY": "sk-moonshot",
        "KIMICODE_API_KEY": "sk-other",
        "KIMICODE_BASE_URL": "http://127.0.0.1:9/v1",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    run = await faked(*local(weights))
    assert run.code == 0, "the fake answers to its own key alone"


async def test_an_address_beside_the_name_is_a_server_of_ones_own(faked):
    async with ScriptedServer([Reply("Hello.")]) as server:
        run = await faked.run(server, "--model", "local", TASK)
        assert run.code == 0, run.stderr
        assert server.requests[0]["model"] == "local"


async def test_without_a_checkpoint_it_says_what_to_do(faked):
    run = await faked("run", "--model", "local", TASK)
    assert run.code == 1
    assert "kimicode serve --checkpoint DIR" in run.stderr
    assert "KIMICODE_CHECKPOINT" in run.stderr


@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [
        ("refuse", 1, "model-00001.safetensors is cut off"),
        ("crash", 2, "the local engine did not start: the disk went away"),
        ("killed", 2, "too little memory"),
    ],
)
async def test_an_engine_that_does_not_start_is_quoted(faked, tmp_path, fault, code, told):
    weights = checkpoint(tmp_path / "my-kimi", fault=fault)
    run = await faked(*local(weights))
    assert (run.code, run.result["status"]) == (code, "error")
    assert told in run.result["reason"]
    assert "loading" not in run.result["reason"]


async def test_an_engine_that_dies_under_a_run_is_quoted_too(faked, tmp_path):
    weights = checkpoint(tmp_path / "my-kimi", fault="dies")
    faked.variables["KIMICODE_MAX_RETRIES"] = "2"
    run = await faked(*local(weights))
    assert run.code == 2
    assert "the local engine ended before the run did: out of memory" in run.stderr


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_while_it_loads_ends_both(faked, tmp_path, sent, code):
    weights = checkpoint(tmp_path / "my-kimi", loading_s=60)
    process = await faked.start(*local(weights))
    await until(lambda: log(weights))
    run = await over(process, sent)
    assert (run.code, run.result["status"]) == (code, "interrupted")
    assert not alive(weights)


async def test_not_even_a_killed_run_leaves_its_engine_behind(faked, tmp_path):
    weights = checkpoint(tmp_path / "my-kimi", loading_s=60)
    process = await faked.start(*local(weights))
    await until(lambda: log(weights))
    process.kill()
    await process.wait()
    await until(lambda: not alive(weights))
    assert log(weights)[-1] == "ended stdin"


async def test_on_a_terminal_one_sees_how_far_loading_is(faked, tmp_path):
    weights = checkpoint(tmp_path / "my-kimi", loading_s=0.5, turns=[{"text": "Hello."}])
    ours, theirs = os.openpty()
    faked.variables["TERM"] = "xterm"
    process = await faked.start("run", "--model", "local", "--checkpoint", str(weights), TASK, stderr=theirs)
    os.close(theirs)
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert out == b"Hello.\n"
    assert "starting the engine: loading" in shown
    assert f"serves my-kimi from {weights}"[:30] in shown


# --- an engine that is there ----------------------------------------------------------------------------------


async def test_a_served_model_is_found_used_and_left_alone(faked, tmp_path):
    weights = checkpoint(tmp_path / "my-kimi", turns=[{"text": "One."}, {"text": "Two."}])
    faked.variables["KIMICODE_CHECKPOINT"] = str(weights)
    async with serving(faked, "--name", "k", "--step-tokens", "64") as (process, state):
        assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700
        for answer in ("One.", "Two."):
            run = await faked("run", "--model", "local", "--output", "json", TASK)
            assert json.loads(run.stdout)["answer"] == answer
        doctor = await faked("doctor", "--model", "local")
        ended = await over(process, signal.SIGTERM)
    assert [request["model"] for request in asked(weights)] == ["k", "k"]
    assert doctor.code == 0, doctor.stdout
    assert "engine        runs at http://127.0.0.1:" in doctor.stdout
    assert "key from its state file" in doctor.stdout
    assert "made-up-key" not in doctor.stdout
    assert ended.code == 0
    assert log(weights)[0].endswith(" --step-tokens=64"), "what it does not know itself it passes on"
    assert log(weights)[-1] == "ended SIGTERM", "serve became the engine: signals are the engine's"


async def test_what_a_dead_engine_left_is_removed_and_another_is_started(faked, tmp_path):
    weights = checkpoint(tmp_path / "my-kimi", turns=[{"text": "Hello."}])
    async with serving(faked, "--checkpoint", str(weights)) as (process, state):
        process.kill()
    assert state.exists()
    run = await faked(*local(weights))
    assert run.code == 0, run.stderr
    assert not state.exists()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_serve_ends_as_the_engine_does(faked, tmp_path, sent, code):
    weights = checkpoint(tmp_path / "my-kimi", loading_s=60)
    process = await faked.start("serve", "--checkpoint", str(weights))
    await until(lambda: log(weights))
    assert (await over(process, sent)).code == code


async def test_a_module_in_the_present_folder_is_not_taken_for_the_engine(faked, tmp_path):
    weights = checkpoint(tmp_path / "my-kimi", fault="refuse")
    (faked.project / "json.py").write_text("raise SystemExit(99)")
    (faked.project / "argparse.py").write_text("raise SystemExit(99)")
    environment = {"HOME": str(faked.home), "PATH": os.environ["PATH"], **faked.variables}
    command = (str(Path(sys.executable).with_name("kimicode")), "serve", "--checkpoint", str(weights))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=faked.project, env=environment, stderr=asyncio.subprocess.PIPE
    )
    run = await over(process)
    assert run.code == 1
    assert "cut off" in run.stderr
