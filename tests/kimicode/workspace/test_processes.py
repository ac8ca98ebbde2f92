"""Processes are found by group, session, parent and mark, with /proc and with ps."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from kimicode.workspace.processes import family, list_with_ps, running, terminate


def start(*argv: str, mark: str = "", session: bool = True) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "KIMICODE_JOB": mark}
    return subprocess.Popen(argv, env=environment, start_new_session=session, stdout=subprocess.DEVNULL)


@pytest.fixture
def marked():
    mark = f"test{os.getpid()}.{time.monotonic_ns()};"
    yield mark
    for process in family(mark):
        os.kill(process.pid, signal.SIGKILL)


def test_a_zombie_and_this_process_are_not_among_the_living():
    child = start("true")
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT) is None:
        pass
    pids = {p.pid for p in running()}
    assert child.pid not in pids
    assert os.getpid() in pids
    assert os.getpid() not in {p.pid for p in family("", {os.getpgid(0)})}
    child.wait()


def test_a_name_with_parentheses_and_blanks_does_not_confuse(tmp_path, marked):
    program = tmp_path / "a) R (b"
    shutil.copy(shutil.which("sleep") or "", program)
    child = start(str(program), "60", mark=marked)
    while not (found := [p for p in family(marked) if p.name == "a) R (b"]):
        time.sleep(0.01)
    assert (found[0].pid, found[0].parent, found[0].group) == (child.pid, os.getpid(), child.pid)
    child.kill()
    child.wait()


@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps here")
def test_ps_sees_the_same_groups_as_proc():
    child = start("sleep", "60")
    by_ps = {p.pid: (p.parent, p.group) for p in list_with_ps()}
    assert by_ps[child.pid] == (os.getpid(), child.pid)
    assert by_ps[os.getpid()] == (os.getppid(), os.getpgid(0))
    child.kill()
    child.wait()


async def test_descendants_that_dropped_the_mark_are_found_through_their_parents(marked):
    child = start("sh", "-c", "env -i setsid sleep 60 & wait", mark=marked)
    while [p.name for p in family(marked)] != ["sh", "sleep"]:
        await asyncio.sleep(0.01)
    await terminate(lambda: family(marked))
    child.wait()
    assert family(marked) == []


async def test_a_process_that_starts_others_while_it_is_killed_leaves_none(marked):
    restless = "import os, time\nwhile True:\n  if os.fork() == 0: os.setsid(); time.sleep(60)\n  time.sleep(0.005)\n"
    child = start(sys.executable, "-c", "import signal; signal.signal(15, signal.SIG_IGN)\n" + restless, mark=marked)
    await asyncio.sleep(0.2)
    await terminate(lambda: family(marked), grace=0.1)
    child.wait()
    assert family(marked) == []


async def test_nothing_found_is_nothing_to_wait_for():
    began = time.monotonic()
    await terminate(list, grace=60.0)
    assert time.monotonic() - began < 20
