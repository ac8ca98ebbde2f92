"""A session's sandbox: when it is started anew, and what is said about it."""

import asyncio
import os
from pathlib import Path

import pytest

from kimicode.workspace.sandbox.policy import Policy
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.supervisor import SandboxError
from tests.fakes.confined import UNCONFINED, walls


async def output_of(sandbox: Sandbox, command: str, cwd: Path) -> str:
    read_end, write_end = os.pipe()
    process = await sandbox.spawn(["/bin/sh", "-c", command], cwd, {"PATH": os.environ["PATH"]}, write_end)
    os.close(write_end)
    await process.wait()
    with os.fdopen(read_end) as pipe:
        return await asyncio.to_thread(pipe.read)


def replace(path: Path, text: str) -> None:
    """As an editor and as git do it: another file under the same name."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.rename(path)


@pytest.fixture
async def hiding(tmp_path):
    """A sandbox that hides a file of its writable folder."""
    (tmp_path / ".env").write_text("first secret")
    root = tmp_path.resolve()
    sandbox = Sandbox(walls("bubblewrap"), Policy(writable=(root,), hidden=(root / ".env",)))
    yield sandbox
    await sandbox.close()


async def test_it_starts_once_for_many_commands():
    sandbox = Sandbox(UNCONFINED, Policy(()))
    assert await sandbox.start()
    assert not await sandbox.start()
    assert await output_of(sandbox, "pwd", Path("/")) == "/\n"
    await sandbox.close()
    await sandbox.close()


async def test_starts_at_the_same_time_make_one_sandbox():
    sandbox = Sandbox(UNCONFINED, Policy(()))
    assert sorted(await asyncio.gather(*(sandbox.start() for _ in range(4)))) == [False, False, False, True]
    await sandbox.close()


async def test_commands_at_the_same_time_do_not_mix():
    sandbox = Sandbox(UNCONFINED, Policy(()))
    outputs = await asyncio.gather(*(output_of(sandbox, f"echo {n}; exit {n}", Path("/")) for n in range(12)))
    assert outputs == [f"{n}\n" for n in range(12)]
    await sandbox.close()


async def test_a_hidden_file_that_was_replaced_is_hidden_again_from_the_next_command(hiding, tmp_path):
    assert "secret" not in await output_of(hiding, "cat .env 2>&1", tmp_path)
    replace(tmp_path / ".env", "second secret")
    assert "secret" not in await output_of(hiding, "cat .env 2>&1", tmp_path)
    assert hiding.remarks() == ()


async def test_while_something_runs_a_replaced_file_is_named_once_and_nothing_is_ended(hiding, tmp_path):
    started = "setsid sleep 300 >/dev/null 2>&1 & until pgrep sleep >/dev/null; do :; done"
    await output_of(hiding, started, tmp_path)
    replace(tmp_path / ".env", "second secret")
    assert await output_of(hiding, "pgrep -c sleep", tmp_path) == "1\n"
    (remark,) = hiding.remarks()
    assert ".env: replaced since" in remark
    assert await output_of(hiding, "pkill sleep", tmp_path) == ""
    assert hiding.remarks() == ()
    assert "secret" not in await output_of(hiding, "cat .env 2>&1", tmp_path)


async def test_landlock_alone_does_not_start_what_commands_could_have_replaced():
    package = Path(__file__).parents[4]
    with pytest.raises(SandboxError, match="would run unconfined"):
        await Sandbox(walls("landlock"), Policy(writable=(package,))).start()
