"""One life of the supervisor: what a program inside may send, however hostile, and what is left when it ends."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from kimicode.workspace.sandbox.layers import Layer, Prepared
from kimicode.workspace.sandbox.policy import Policy
from kimicode.workspace.sandbox.protocol import ANSWER, Kind
from kimicode.workspace.sandbox.supervisor import NoFolder, SandboxError, Supervisor
from tests.fakes.confined import UNCONFINED

# Sends what it is told to as soon as it is ready, behind the first command where it is to wait for one.
HOSTILE = """
import array, os, socket, struct, sys, time
channel = socket.socket(fileno=int(sys.argv[1]))
channel.sendall(struct.pack("!BIi", 1, 0, 1))
if sys.argv[3]: b"crash" in channel.recv(5000) and crash
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))] if sys.argv[4] else []
channel.sendmsg([bytes.fromhex(sys.argv[2])], rights)
time.sleep(600)
"""


def answer(kind: int, command: int = 0, value: int = 0) -> bytes:
    return ANSWER.pack(kind, command, value)


async def inside(data: bytes, *, waits: bool = False, descriptor: bool = False, patience: float = 20.0):
    """A supervisor whose other side is a program that sends `data`, and that program's process."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOSTILE, str(theirs.fileno()), data.hex(), "1" * waits, "1" * descriptor),
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    return Supervisor(ours, Prepared((), (), {}, lambda: None, tuple), process, patience), process


async def until_ended(supervisor: Supervisor) -> None:
    async with asyncio.timeout(30):
        while supervisor.alive:
            await asyncio.sleep(0.02)


async def run_true(supervisor: Supervisor):
    return await supervisor.spawn(["true"], Path("/"), {}, 1)


@pytest.mark.parametrize(
    "data",
    [
        answer(0),
        answer(99),
        b"\xff" * 1000,
        answer(Kind.READY),
        answer(Kind.BORN, 1),
        answer(Kind.STARTED, 1),
        answer(Kind.EXITED, 4_000_000_000),
        answer(Kind.EXITED, 0, 0),
        answer(Kind.NO_PROGRAM, 1, 2),
    ],
)
async def test_what_cannot_be_true_ends_the_sandbox_and_is_said(data):
    supervisor, process = await inside(data)
    await until_ended(supervisor)
    assert "what it never should" in supervisor.remark
    await supervisor.close()
    assert process.returncode == -signal.SIGKILL


async def test_a_descriptor_from_inside_never_arrives():
    before = len(os.listdir("/proc/self/fd"))
    supervisor, _ = await inside(answer(Kind.CROWDED, 0, 5), descriptor=True)
    await until_ended(supervisor)
    assert "what it never should" in supervisor.remark
    await supervisor.close()
    assert len(os.listdir("/proc/self/fd")) <= before


async def test_a_process_id_is_what_the_kernel_tells_and_not_what_is_said():
    said = answer(Kind.BORN, 1, os.getpid()) + answer(Kind.STARTED, 1, os.getpid()) + answer(Kind.EXITED, 1, 7)
    supervisor, process = await inside(said, waits=True)
    await supervisor.ready()
    command = await run_true(supervisor)
    assert command.pid == process.pid != os.getpid()
    assert await command.wait() == 7
    await supervisor.close()


async def test_no_answer_in_time_ends_the_sandbox_and_the_command_did_not_run():
    supervisor, process = await inside(b"", patience=0.2)
    await supervisor.ready()
    with pytest.raises(SandboxError, match="did not answer"):
        await run_true(supervisor)
    assert not supervisor.alive
    await supervisor.close()
    assert process.returncode == -signal.SIGKILL


async def test_nobody_who_reads_does_not_block_a_long_request_for_ever():
    supervisor, _ = await inside(b"", patience=0.5)
    await supervisor.ready()
    with pytest.raises(SandboxError, match="did not answer"):
        await supervisor.spawn(["true", "x" * 4_000_000], Path("/"), {}, 1)
    with pytest.raises(SandboxError, match="the sandbox ended"):
        await run_true(supervisor)
    await supervisor.close()


async def test_what_a_supervisor_says_when_it_fails_is_kept():
    supervisor, _ = await inside(b"", waits=True)
    await supervisor.ready()
    with pytest.raises(SandboxError):
        await supervisor.spawn(["true", "crash"], Path("/"), {}, 1)
    await supervisor.close()
    assert "Traceback" in supervisor.last_words


async def test_a_command_whose_supervisor_dies_counts_as_killed():
    supervisor, process = await inside(answer(Kind.BORN, 1) + answer(Kind.STARTED, 1), waits=True)
    await supervisor.ready()
    command = await run_true(supervisor)
    process.kill()
    assert await command.wait() == -signal.SIGKILL
    assert "was killed" in supervisor.remark
    await supervisor.close()


async def test_what_cannot_be_confined_does_not_start_and_says_why(tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'no namespaces here' >&2\nexit 1\n")
    broken.chmod(0o755)
    before = len(os.listdir("/proc/self/fd"))
    layer = Layer("bubblewrap", program=broken)
    with pytest.raises(SandboxError, match="could not be started: no namespaces here"):
        await Supervisor.start(layer, Policy(writable=()))
    with pytest.raises(SandboxError, match="could not be started"):
        await Supervisor.start(Layer("bubblewrap", program=tmp_path / "missing"), Policy(writable=()))
    assert len(os.listdir("/proc/self/fd")) == before


async def test_why_a_command_did_not_start_is_told_apart(tmp_path):
    supervisor = await Supervisor.start(UNCONFINED, Policy(writable=()))
    with pytest.raises(NoFolder, match="No such file"):
        await supervisor.spawn(["true"], tmp_path / "missing", {"PATH": os.environ["PATH"]}, 1)
    with pytest.raises(FileNotFoundError):
        await supervisor.spawn(["/no/such/program"], tmp_path, {}, 1)
    with pytest.raises(PermissionError):
        await supervisor.spawn([str(tmp_path)], tmp_path, {}, 1)
    with pytest.raises(OSError, match="Argument list too long"):
        await supervisor.spawn(["/bin/true", "x" * 200_000], tmp_path, {}, 1)
    with pytest.raises(ValueError, match="null byte"):
        await supervisor.spawn(["/bin/true", "\0"], tmp_path, {}, 1)
    assert not supervisor.busy
    command = await supervisor.spawn(["/bin/sh", "-c", "exit 3"], tmp_path, {}, 1)
    assert await command.wait() == 3
    await supervisor.close()
