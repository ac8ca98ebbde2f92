"""Opening a hostile repository starts nothing of it: counted from the outside, with strace."""

import asyncio
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from kimicode.config.trust import Record
from kimicode.llm.scripted import Reply, ScriptedServer
from tests.e2e.conftest import CommandLine, Finished
from tests.fakes.hostile import Hostile, Seen, watched, why_not
from tests.fakes.person import Place, idle

pytestmark = pytest.mark.skipif("linux" not in sys.platform, reason="strace is a program of Linux")
PATIENCE_S = 120
"""What is watched is slow on a busy machine."""
EDITS = [
    Reply(calls=[("bash", {"command": "git status --short && git log --oneline -3 && git diff --stat"})]),
    Reply(calls=[("strreplace", {"path": "double.py", "old_str": "x + x + 3", "new_str": "x + x"})]),
    Reply(calls=[("createfile", {"path": "b.ts", "file_text": "export const b = 2\n"})]),
    Reply(calls=[("submit", {"summary": "Made it right."})]),
    Reply(calls=[("submit", {"summary": "Made it right."})]),
]
ALONE = (
    ["index"],
    ["map"],
    ["doctor"],
    ["sessions", "list"],
    ["commit", "--dry-run"],
    ["pr", "--dry-run", "--base", "main"],
    ["trust"],
)


@pytest.fixture
def hostile(tmp_path):
    return Hostile(tmp_path / "evil")


@pytest.fixture
def traced_one(tmp_path, hostile):
    if reason := why_not(tmp_path):
        pytest.skip(reason)
    (tmp_path / "home").mkdir()
    python = partial(traced, tmp_path / "strace")
    return CommandLine(hostile.root, tmp_path / "home", python, {"PATH": ".::/usr/local/bin:/usr/bin:/bin"})


async def traced(log: Path, module: str, *arguments: str, **options):
    """`python -m module`, with an eye on it."""
    command = watched(log, [sys.executable, "-m", module, *arguments])
    return await asyncio.create_subprocess_exec(*command, **options)


async def seen(kimicode, server, *arguments: str):
    """What strace saw of a command, and the command's end."""
    kimicode.variables |= {"KIMICODE_BASE_URL": server.base_url, "KIMICODE_MODEL": "scripted"}
    process = await kimicode.start(*arguments)
    out, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    done = Finished(process.returncode, out.decode(), errors.decode())
    return Seen.in_files(kimicode.home.parent / "strace"), done


def harmless(watched: Seen, hostile: Hostile, server) -> None:
    assert hostile.sprung == set()
    assert watched.programs_of(hostile.root) == []
    assert watched.ports() <= {port_of(server)}


def port_of(server) -> int:
    return int(server.base_url.rsplit(":", 1)[1].split("/")[0])


def test_the_traps_are_armed_and_the_watch_sees_them_go_off(hostile, tmp_path):
    """Whoever opens it with bare hands is caught: without that, the tests below would prove nothing."""
    for command in ("git status", "git diff", "git add -A", "PATH=.:$PATH git version", "python3 -c 'import typer'"):
        subprocess.run(["/bin/bash", "-c", command], cwd=hostile.root, capture_output=True, timeout=30, check=False)
    expected = {"included", "external-diff", "filter-clean", "program-git", "module-typer"}
    assert expected <= hostile.sprung, hostile.sprung
    if not why_not(tmp_path):
        command = watched(tmp_path / "strace", ["/bin/bash", "-c", "PATH=.:$PATH; git version; rg --version"])
        subprocess.run(command, cwd=hostile.root, capture_output=True, timeout=30, check=False)
        assert {"./git", "./rg"} <= set(Seen.in_files(tmp_path / "strace").programs_of(hostile.root))


async def test_a_run_obeys_nothing_and_says_so_once(traced_one, hostile):
    async with ScriptedServer(EDITS) as server:
        watched, done = await seen(traced_one, server, "run", "--output", "stream-json", "make it right")
        harmless(watched, hostile, server)
        assert watched.ports() == {port_of(server)}
        assert "OBEYME" not in str(server.requests)
    assert done.code == 0
    [notice] = [record for record in done.records if record.get("code") == "trust"]
    assert "AGENTS.md" in notice["text"]
    assert "--trust" in notice["text"]
    assert (hostile.root / "double.py").read_text().endswith("x + x\n")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ALONE, ids=lambda words: words[0])
async def test_no_command_springs_a_trap(traced_one, hostile, arguments):
    async with ScriptedServer([Reply("A title\n\nA body.")] * 3) as server:
        watched, done = await seen(traced_one, server, *arguments)
        harmless(watched, hostile, server)
    assert done.code == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("flags", [["--plan"], ["--commit"], ["--worktree", "--commit"], ["-C", "bare"], ["-C", "sub"]])
async def test_no_way_of_running_springs_a_trap(traced_one, hostile, flags):
    async with ScriptedServer([*EDITS, *EDITS]) as server:
        watched, _ = await seen(traced_one, server, "run", *flags, "make it right")
        harmless(watched, hostile, server)


@pytest.mark.parametrize("setting", [["--mode", "yolo"], ["KIMICODE_SANDBOX", "off"]])
async def test_what_would_let_loose_an_untrusted_folder_is_refused(kimicode, setting):
    (kimicode.project / "AGENTS.md").write_text("OBEYME")
    name, value = setting
    arguments = [] if name.isupper() else setting
    kimicode.variables |= {name: value, "CI": "true"} if name.isupper() else {"CI": "true"}
    async with ScriptedServer([Reply("Done.")]) as server:
        run = await kimicode.run(server, *arguments, "do it")
        assert (run.code, run.result["status"]) == (1, "error")
        assert "--trust" in run.result["reason"]
        assert server.requests == []
        run = await kimicode.run(server, *arguments, "--trust", "do it")
        assert "OBEYME" in str(server.requests)
    assert "not trusted" not in run.stdout


def test_the_terminal_asks_before_it_opens_anything(tmp_path, hostile):
    if reason := why_not(tmp_path):
        pytest.skip(reason)
    log = tmp_path / "strace"
    with Place(tmp_path, [Reply("Hello.")], trusting=False) as place:
        place.project = hostile.root
        command = watched(log, [sys.executable, "-P", "-m", "kimicode", "--mode", "ask"])
        terminal = place.start(command, PATH=".::/usr/local/bin:/usr/bin:/bin")
        terminal.until("Do you trust what is in here?", PATIENCE_S)
        terminal.read(0.6)
        before = Seen.in_files(log)
        assert before.opened_in(hostile.root) == []
        assert len(before.calls("execve")) == 1
        assert before.ports() == set()
        terminal.type("2")
        idle(terminal)
        terminal.type("hi")
        terminal.until("› hi")
        terminal.read(0.6)
        terminal.type("\r")
        terminal.until("Hello.")
        harmless(Seen.in_files(log), hostile, place.server.script)
        assert "OBEYME" not in str(place.server.requests)
        assert Record(place.home / "trust.toml").trust_in(hostile.root).answer == "untrusted"
