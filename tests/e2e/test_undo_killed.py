"""`kill -9` in the middle of a command: what it did until then can still be taken back, and what came later is mine."""

import asyncio
import os
import signal

import pytest

from kimicode.agent.interrupted import SLACK_NS
from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.workspace.steplog import StepLog
from tests.e2e.conftest import git, over
from tests.fakes.trees import tree

EDIT = ("strreplace", {"path": "double.py", "old_str": "x + x + 1", "new_str": "x + x"})
MESS = "rm check.py; mkdir -p n/e; echo half > n/e/w; echo more >> double.py; echo noise > a.log; "


def files(project):
    return {path: what for path, what in tree(project).items() if f"{project}/.git/" not in path}


@pytest.fixture(params=["git", "no git"])
async def killed(kimicode, tmp_path, request):
    """The project after kimicode was killed while its second command ran, and what it was before the first."""
    (kimicode.project / ".gitignore").write_text("*.log\n")
    git(kimicode.project, "add", ".gitignore")
    if request.param == "no git":
        (kimicode.project / ".git").rename(tmp_path / "gone")
    before = files(kimicode.project)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    waits = f"{MESS} touch {tmp_path}/begun; cat {gate}"
    replies = [Reply(calls=[EDIT]), Reply(calls=[("bash", {"command": waits})]), Reply("never")]
    async with ScriptedServer(replies) as server:
        # Without the sandbox: the command tells that it has begun, and waits, outside of the project.
        kimicode.variables["KIMICODE_SANDBOX"] = "off"
        options = ("--trust", "--base-url", server.base_url, "--output", "stream-json")
        process = await kimicode.start("run", *options, "go")
        del kimicode.variables["KIMICODE_SANDBOX"]
        async with asyncio.timeout(40):
            while not (tmp_path / "begun").exists():
                assert process.returncode is None
                await asyncio.sleep(0.02)
        await over(process, signal.SIGKILL)
    opened = os.open(gate, os.O_RDWR | os.O_NONBLOCK)  # lets an orphan go, also one that has not come to it yet
    gate.unlink()
    os.close(opened)
    return kimicode, before


async def test_undo_takes_back_what_the_command_did_until_then(killed):
    kimicode, before = killed
    listed = await kimicode("undo", "--list")
    assert "kimicode was killed during `bash rm check.py" in listed.stderr
    assert "cut off: bash rm check.py" in listed.stdout
    undone = await kimicode("undo")
    assert undone.code == 0, undone.stderr
    now = {path: what for path, what in files(kimicode.project).items() if not path.endswith("a.log")}
    assert now == before
    assert (kimicode.project / "a.log").exists() == (".git" in os.listdir(kimicode.project))


async def test_a_session_that_goes_on_knows_the_step_and_that_its_own_first_step_stands(killed):
    kimicode, _ = killed
    (folder,) = (kimicode.home / "kimicode/sessions").iterdir()
    async with ScriptedServer([Reply("I see.")]) as server:
        run = await kimicode.run(server, "--resume", folder.name, "what happened?")
    assert run.code == 0
    assert "undo-cut-off" in [record.get("code") for record in run.records]
    steps = StepLog(folder / "undo").steps
    assert [step.number for step in steps] == [1, 2]
    assert steps[1].title.startswith("cut off: bash")
    assert steps[1].turn_id == "t1"
    assert (await kimicode("undo", folder.name, "--to", "2", "--files-only")).code == 0
    assert (kimicode.project / "double.py").read_text().endswith("x + x\n")
    assert not (folder / "scratch").exists()
    assert not (folder / "undo/look").exists()


async def test_what_i_changed_after_the_crash_is_not_overwritten_unasked(killed):
    kimicode, _ = killed
    changed = kimicode.project / "double.py"
    (folder,) = (kimicode.home / "kimicode/sessions").iterdir()
    last = changed.stat().st_ctime_ns
    os.utime(folder / "undo/look/step.json", ns=(0, last - SLACK_NS))  # the last sign of life
    while changed.stat().st_ctime_ns == last:
        changed.write_text("mine\n")
    refused = await kimicode("undo")
    assert refused.code == 1
    assert "double.py" in refused.stderr
    assert changed.read_text() == "mine\n"
