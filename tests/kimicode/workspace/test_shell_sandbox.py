"""Commands in the sandbox: bombs, floods and murders inside, judged from the machine around it."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kimicode.errors import ToolError
from kimicode.workspace.processes import running
from kimicode.workspace.sandbox.layers import Layer
from kimicode.workspace.sandbox.policy import Limits
from kimicode.workspace.shell import Shell
from tests.fakes.confined import LAYERS, UNCONFINED, sandbox, walls

_durations = itertools.count(os.getpid() * 1000 + 600_000_000)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def seconds():
    """A duration for `sleep` by which this test's processes can be told from all others."""
    return str(next(_durations))


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "work"
    root.mkdir()
    return root


@contextlib.asynccontextmanager
async def shell_in(layer: Layer, root: Path, **limits: int):
    shell = Shell(root, root.parent / "spill", sandbox=sandbox(root, layer=layer, limits=Limits(**limits)))
    try:
        yield shell
    finally:
        await shell.close()


@pytest.fixture(params=LAYERS)
async def shell(request, root):
    async with shell_in(walls(request.param), root) as shell:
        yield shell


def processes_with(argument: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if argument.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(folder.name)
    return found


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


# --- what commands share ------------------------------------------------------------------------------------


async def test_a_server_that_one_command_leaves_answers_the_next_and_nobody_outside(root):
    async with shell_in(walls("bubblewrap"), root) as shell:
        server = await shell.run("python3 -m http.server 8765 --bind 127.0.0.1", background=True)
        assert server.exit_code is None
        (root / "page").write_text("hello")
        fetch = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8765/page').read())"
        answer = await shell.run(f'for i in $(seq 50); do python3 -c "{fetch}" 2>/dev/null && break; sleep 0.1; done')
        assert "b'hello'" in answer.output
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 8765), 5)


async def test_a_survivor_is_named_by_the_id_that_the_next_command_can_end_it_with(shell, seconds):
    result = await shell.run(f"setsid sleep {seconds} & true")
    (survivor,) = result.survivors
    assert survivor.endswith(" sleep")
    assert processes_with(seconds)
    await shell.run(f"kill {survivor.split()[0]}")
    await until(lambda: not processes_with(seconds))


# --- what commands start with -------------------------------------------------------------------------------


async def test_secrets_are_outside_and_not_inside(root, tmp_path):
    environment = {**os.environ, "STRIPE_KEY": "canary", "DATABASE_URL": "postgres://me:canary@db/x", "MINE": "kept"}
    box = sandbox(root)
    shell = Shell(root, tmp_path / "spill", environment=environment, sandbox=box)
    inside = (await shell.run("env")).output
    outside = (await shell.run("env", outside=True)).output
    await shell.close()
    assert "canary" not in inside
    assert "MINE=kept" in inside
    assert {"STRIPE_KEY=canary", "MINE=kept"} <= {*outside.splitlines()}


async def test_the_agents_own_environment_cannot_be_read_in_proc(shell):
    look = f"grep -ac PATH= /proc/{os.getpid()}/environ"
    assert (await shell.run(look, outside=True)).exit_code == 0
    assert (await shell.run(look)).exit_code == 2


async def test_nothing_that_a_sandboxed_command_exports_reaches_one_outside_and_its_folder_does(shell, root):
    (root / "sub").mkdir()
    await shell.run("cd sub; export LD_PRELOAD=/tmp/evil.so PATH=/tmp/evil BASH_ENV=/tmp/evil HOME=/tmp GIT_SSH=x")
    outside = await shell.run('echo "${LD_PRELOAD-none} ${GIT_SSH-none}"; pwd; echo "$PATH"', outside=True)
    assert outside.output.splitlines() == ["none none", str(root / "sub"), os.environ["PATH"]]
    inside = await shell.run('unset LD_PRELOAD; echo "$GIT_SSH $PATH"')
    assert inside.output.splitlines()[-1] == "x /tmp/evil"


async def test_nothing_that_a_command_outside_exports_reaches_the_sandbox(shell):
    await shell.run("export UNLOCKED=secret", outside=True)
    assert (await shell.run("echo ${UNLOCKED-none}", outside=True)).output == "secret\n"
    assert (await shell.run("echo ${UNLOCKED-none}")).output == "none\n"


async def test_a_folder_that_is_only_inside_is_left_for_the_root_outside(root):
    async with shell_in(walls("bubblewrap"), root) as shell:
        await shell.run("mkdir -p /dev/shm/x && cd /dev/shm/x")
        assert (await shell.run("pwd")).output == "/dev/shm/x\n"
        result = await shell.run("pwd", outside=True)
        assert result.output == f"{root}\n"
        assert "no longer exists" in result.notes[0]


async def test_what_a_command_hides_where_states_are_handed_over_does_no_harm(shell, root):
    (root / "sub").mkdir()
    where = "d=$(trap -p EXIT | grep -o '/[^ ;>]*/kimicode-[^ ;>/]*' | head -1)"
    deep = "python3 -c \"import os\nfor i in range(1200): os.mkdir('d'); os.chdir('d')\""
    assert (await shell.run(f"{where}; cd $d && {deep}; mkfifo p; ln -s /etc e; exit 0")).exit_code == 0
    await shell.run(f"cd {root}/sub")
    assert shell.cwd == root / "sub"


# --- what ends them -----------------------------------------------------------------------------------------

AGENT = """
import asyncio, json, sys
from pathlib import Path
from kimicode.workspace.shell import Shell
from tests.fakes.confined import UNCONFINED, sandbox, walls
root, command, layer = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
async def main():
    shell = Shell(root, root / "spill", sandbox=sandbox(root, layer=UNCONFINED if layer == "none" else walls(layer)))
    await shell.run(command)
asyncio.run(main())
"""


@pytest.mark.parametrize("layer", [*LAYERS, "none"])
async def test_an_agent_that_is_killed_leaves_nothing_alive(root, seconds, layer):
    if layer != "none":
        walls(layer)
    command = f"setsid env -i sleep {seconds} & trap '' TERM HUP; (trap '' TERM; sleep {seconds}); sleep {seconds}"
    agent = await asyncio.create_subprocess_exec(sys.executable, "-c", AGENT, root, command, layer, cwd=ROOT)
    await until(lambda: len(processes_with(seconds)) >= 2)
    agent.kill()
    await agent.wait()
    await until(lambda: not processes_with(seconds))


async def test_the_supervisor_cannot_be_killed_or_stopped_from_its_namespace(root, seconds):
    async with shell_in(walls("bubblewrap"), root) as shell:
        await shell.run(f"sleep {seconds}", background=True)
        result = await shell.run("for s in KILL STOP TERM INT HUP SEGV CHLD; do kill -$s 1; done; echo still here")
        assert (result.output, result.exit_code, result.notes) == ("still here\n", 0, ())
        assert processes_with(seconds)
        assert (await shell.run("kill -9 -1; echo and here")).notes == ()
        assert not processes_with(seconds)
        assert (await shell.run("echo next")).output == "next\n"


async def test_where_it_can_be_killed_the_command_counts_as_killed_and_the_next_one_runs(root):
    for layer in (UNCONFINED, walls("landlock")):
        async with shell_in(layer, root) as shell:
            result = await shell.run("cd /; echo begun; kill -9 $PPID; sleep 20")
            assert result.exit_code == 137
            assert "was killed" in result.notes[0]
            assert shell.cwd == root
            assert (await shell.run("echo next")).output == "next\n"
            assert (await shell.run("true")).notes == ()


async def test_where_it_can_be_stopped_it_is_made_to_go_on(root):
    async with shell_in(UNCONFINED, root) as shell:
        result = await shell.run("kill -STOP $PPID; echo stopped", timeout=30)
        assert (result.output, result.exit_code) == ("stopped\n", 0)


async def test_a_supervisor_that_is_stopped_for_good_costs_one_command(root, seconds):
    shell = Shell(root, root.parent / "spill", sandbox=sandbox(root, patience=0.5))
    await shell.run(f"sleep {seconds}", background=True)
    stopped = supervisors()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ToolError, match="did not answer"):
        await shell.run("touch ran")
    assert not (root / "ran").exists()
    assert not processes_with(seconds)
    result = await shell.run("echo next")
    assert result.output == "next\n"
    assert "did not answer" in result.notes[0]
    assert (await shell.read("1")).exit_code == 137
    await shell.close()


def supervisors() -> list[int]:
    """Those that this process started, directly or through bubblewrap."""
    parents = {process.pid: process.parent for process in running()}
    mine = {os.getpid(), *(pid for pid, parent in parents.items() if parent == os.getpid())}
    named = (pid for pid, parent in parents.items() if parent in mine)
    return [pid for pid in named if b"sandbox.inside" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.parametrize("layer", [*LAYERS, "none"])
async def test_closing_ends_what_left_its_group_and_dropped_its_mark(root, seconds, layer):
    before = len(os.listdir("/proc/self/fd"))
    box = sandbox(root, layer=UNCONFINED if layer == "none" else walls(layer))
    shell = Shell(root, root.parent / "spill", sandbox=box)
    daemon = f"setsid env -i setsid sh -c 'trap \"\" TERM HUP; sleep {seconds}; true'"
    await shell.run(f"({daemon} & ) & sleep 0.3; echo ok")
    assert processes_with(seconds)
    assert box.exchange.is_dir()
    exchange = box.exchange
    await shell.close()
    assert not processes_with(seconds)
    assert not supervisors()
    assert not exchange.exists()
    assert len(os.listdir("/proc/self/fd")) == before


async def test_killing_at_once_ends_the_daemons_too(root, seconds):
    async with shell_in(walls("bubblewrap"), root) as shell:
        await shell.run(f"(setsid env -i setsid sleep {seconds} & ) & sleep 0.3")
        assert processes_with(seconds)
        shell.kill()
        assert not processes_with(seconds)


@pytest.mark.parametrize("delay", [0, 0.002, 0.01])
async def test_an_interrupt_at_any_moment_of_the_start_leaves_nothing(shell, seconds, delay):
    await shell.run("true")
    task = asyncio.create_task(shell.run(f"setsid sleep {seconds} & exec sleep {seconds}"))
    await asyncio.sleep(delay)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await shell.run("sleep 0.2; echo next")).output == "next\n"
    assert not processes_with(seconds)


# --- bombs --------------------------------------------------------------------------------------------------


async def test_too_many_processes_end_and_the_next_command_runs(root, seconds):
    for layer in (walls("bubblewrap"), walls("landlock")):
        async with shell_in(layer, root, processes=100) as shell:
            result = await shell.run(f"for i in $(seq 300); do sleep {seconds} & done; wait", timeout=20)
            assert result.exit_code == 137
            assert "processes in the sandbox" in result.notes[0]
            assert not processes_with(seconds)
            assert (await shell.run("echo next")).output == "next\n"


OPENS_MANY = "import os; [os.open('/', 0) for _ in range(100)]"


async def test_too_large_a_file_too_much_memory_and_too_many_descriptors_fail_alone(root):
    limits = {"file_bytes": 1_000_000, "memory_bytes": 500_000_000, "open_files": 60}
    async with shell_in(walls(), root, **limits) as shell:
        assert (await shell.run("head -c 5000000 /dev/zero >big")).exit_code == 153
        assert (root / "big").stat().st_size == 1_000_000
        assert "MemoryError" in (await shell.run("python3 -c 'bytearray(10**9)'")).output
        assert "Too many open files" in (await shell.run(f'python3 -c "{OPENS_MANY}"')).output
        assert (await shell.run("echo next")).output == "next\n"


# Each holds 80 MB for as long as nobody reads them.
SEVERAL = "for i in 1 2 3 4 5; do head -c 80000000 /dev/zero | tail -c 80000000 | sleep 60 & done; wait"


async def test_what_takes_too_much_memory_together_is_ended_and_named(root):
    for layer in (walls("bubblewrap"), walls("landlock")):
        async with shell_in(layer, root, resident_bytes=200_000_000) as shell:
            result = await shell.run(SEVERAL, timeout=30)
            assert result.exit_code == 137
            assert "of memory" in result.notes[0]
            assert (await shell.run("echo next")).output == "next\n"


SHARED = (
    "x=$(head -c 40000000 /dev/zero | tr '\\0' a); "
    "for i in 1 2 3 4 5 6 7; do (sleep 1; echo ${#x}) & done; wait; echo done"
)


async def test_memory_that_is_shared_counts_once(root):
    async with shell_in(walls(), root, resident_bytes=220_000_000) as shell:
        result = await shell.run(SHARED, timeout=30)
        assert result.output == "40000000\n" * 7 + "done\n"


async def test_where_the_machine_runs_out_of_memory_commands_go_before_the_supervisor(shell):
    assert (await shell.run("cat /proc/self/oom_score_adj")).output == "300\n"
    mine = Path("/proc/self/oom_score_adj").read_text()
    assert {Path(f"/proc/{pid}/oom_score_adj").read_text() for pid in supervisors()} == {mine}


# --- an ordinary user ---------------------------------------------------------------------------------------

# As root, everything in /proc can be read, and the kernel does not limit processes.
ORDINARY = """
import asyncio, json, os, sys, time
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from kimicode.workspace.sandbox.policy import Limits
from kimicode.workspace.shell import Shell
from tests.fakes.confined import sandbox, walls
root, layer, seconds = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
async def main():
    shell = Shell(root, root / "spill", sandbox=sandbox(root, layer=walls(layer), limits=Limits(processes=60)))
    for command in (
        f"id -u; grep -ac CANARY /proc/{os.getpid()}/environ",
        f"setsid sleep {seconds} & true",
        f"for i in $(seq 200); do sleep {seconds} & done; wait",
        "exit 5",
    ):
        result = await shell.run(command, timeout=3)
        print(json.dumps([result.output[-2000:], result.exit_code, len(result.survivors), result.notes]), flush=True)
        if result.job_id is not None:
            await shell.stop(result.job_id)
    await shell.close()
asyncio.run(main())
"""
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def python_of_everybody() -> str:
    """One that an ordinary user can run, and that finds what it needs."""
    code = "import sys; sys.path[:0] = sys.argv[1:]; import tests.fakes.confined, kimicode.workspace.shell"
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            if (
                subprocess.run(
                    [*NOBODY, "sh", "-c", 'exec "$@"', "sh", python, "-B", "-c", code, *sys.path],
                    cwd="/",
                    capture_output=True,
                ).returncode
                == 0
            ):
                return python
    return pytest.skip("no Python that an ordinary user could run all of this with")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.parametrize("layer", LAYERS)
async def test_an_ordinary_user_is_served_and_limited_as_well(root, seconds, layer):
    walls(layer)
    python = python_of_everybody()
    with tempfile.TemporaryDirectory(prefix="ordinary-") as name:
        os.chown(name, 65534, 65534)
        done = await asyncio.to_thread(
            subprocess.run,
            [*NOBODY, python, "-B", "-c", ORDINARY, name, layer, seconds, str(ROOT), *filter(None, sys.path)],
            env={"PATH": os.environ["PATH"], "HOME": name, "KIMICODE_HOME": name, "MINE": "CANARY"},
            capture_output=True,
            cwd="/",
            text=True,
        )
    assert done.returncode == 0, done.stderr
    who, survivor, bomb, after = map(json.loads, done.stdout.splitlines())
    assert who[0].split()[0] == "65534"
    assert who[1] == 2  # there is no such file, or it cannot be read
    assert survivor[2] == 1
    assert bomb[1] == 137 or "Resource temporarily unavailable" in bomb[0]
    assert after[1] == 5
    assert not processes_with(seconds)
