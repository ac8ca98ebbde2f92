"""The command line in unkind hands: signals at bad moments, closed streams, full disks, lost folders, slow git."""

import asyncio
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

from kimicode.cli.cells import width_of
from kimicode.llm.scripted import Reply, ScriptedServer
from tests.e2e.conftest import over
from tests.fakes.warm import passed_on

FIX = ("strreplace", {"path": "double.py", "old_str": "x + x + 1", "new_str": "x + x"})
CHECK = ("bash", {"command": "python3 check.py"})
SUBMIT = ("submit", {"summary": "done"})


def slow_git(kimicode, tmp_path: Path, command: str) -> None:
    """A git whose `command` takes a minute stands first in PATH."""
    folder = tmp_path / "slow"
    folder.mkdir()
    script = f'#!/bin/sh\ncase " $* " in *" {command} "*) sleep 60;; esac\nexec {shutil.which("git")} "$@"\n'
    (folder / "git").write_text(script)
    (folder / "git").chmod(0o755)
    kimicode.variables["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


async def test_an_interrupt_while_git_takes_its_time_gives_the_prompt_back_and_keeps_the_answer(kimicode, tmp_path):
    slow_git(kimicode, tmp_path, "add")
    async with ScriptedServer([Reply("It doubles.")]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "--output", "stream-json", "what?")
        said = await process.stdout.readuntil(b'"turn.completed"')
        began = time.monotonic()
        run = await over(process, signal.SIGINT)
    assert time.monotonic() - began < 20, "git takes a minute"
    result = json.loads(run.stdout.splitlines()[-1])
    assert b'"result"' not in said
    assert (result["type"], result["status"], result["answer"]) == ("result", "finished", "It doubles.")
    assert run.code == result["exit_code"] == 0
    assert "git add" in result["summary"]


async def test_an_interrupt_during_the_look_around_does_not_wait_for_git(kimicode, tmp_path):
    slow_git(kimicode, tmp_path, "status")
    async with ScriptedServer([Reply("hello")]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "--output", "stream-json", "hi")
        journals = kimicode.home / "kimicode/sessions"
        while not list(journals.glob("*/journal.jsonl")):
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        began = time.monotonic()
        run = await over(process, signal.SIGINT)
    assert time.monotonic() - began < 20, "git takes a minute"
    assert (run.code, run.result["status"]) == (130, "interrupted")


async def test_the_second_interrupt_ends_at_once_and_does_not_claim_that_nothing_changed(kimicode):
    stubborn = ("bash", {"command": "echo more >> double.py; trap '' INT TERM; while :; do sleep 1; done"})
    async with ScriptedServer([Reply(calls=[stubborn])]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "--output", "stream-json", "hi")
        await process.stdout.readuntil(b'"tool.started"')
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.3)
        run = await over(process, signal.SIGINT)
    result = json.loads(run.stdout.splitlines()[-1])
    assert result["reason"] == "interrupted twice", "it did not wait for the command to be ended in good order"
    assert run.code == result["exit_code"] == 130
    assert (result["steps"], result["usage"]["input_tokens"]) == (1, 100)
    assert "not looked at" in result["summary"]


@pytest.mark.parametrize("arguments", [["  "], ["-f", "missing.md"]])
async def test_a_run_that_cannot_begin_has_a_result_record_as_well(kimicode, arguments):
    run = await kimicode("run", "--output", "stream-json", *arguments)
    assert run.code in (1, 2)
    assert run.result["reason"]


@pytest.mark.parametrize("form", ["text", "stream-json"])
async def test_a_full_disk_behind_stdout_is_said_once(kimicode, form):
    async with ScriptedServer([Reply("hello")]) as server:
        with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230 - a device opens at once
            run = await kimicode("run", "--base-url", server.base_url, "--output", form, "hi", stdout=full)
    assert run.code == 2
    assert run.stderr.count("No space left") == 1
    assert "fault" not in run.stderr


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
async def test_closed_streams_do_not_end_a_run(kimicode, closed):
    """Nor does a journal or a command's pipe take the place of the closed one."""
    async with ScriptedServer([Reply(calls=[("bash", {"command": "echo hello"})]), Reply("hello")]) as server:
        line = f'exec "$0" -m kimicode run --base-url {server.base_url} hi {closed}'
        environment = passed_on()
        environment |= {"KIMICODE_HOME": str(kimicode.home)}
        shell = await asyncio.create_subprocess_exec(
            "sh", "-c", line, sys.executable, cwd=kimicode.project, env=environment, stdout=-1, stderr=-1
        )
        run = await over(shell)
    assert run.code == 0
    assert "fault" not in run.stderr
    for line in next(kimicode.home.glob("sessions/*/journal.jsonl")).read_text().splitlines():
        json.loads(line)


async def test_control_characters_of_a_command_do_not_reach_the_terminal(kimicode):
    evil = ("bash", {"command": "true '\x1b[2J\x07'"})
    async with ScriptedServer([Reply(calls=[evil]), Reply("\x1b]0;title\x07done")]) as server:
        run = await kimicode("run", "--base-url", server.base_url, "hi")
    assert run.code == 0
    assert not re.search("[\x00-\x08\x0b-\x1f]", run.stdout + run.stderr)


async def test_a_session_goes_on_in_the_folder_where_it_began(kimicode, tmp_path):
    async with ScriptedServer(
        [Reply("hello"), Reply(calls=[FIX]), Reply(calls=[CHECK]), Reply(calls=[SUBMIT])]
    ) as server:
        first = await kimicode.run(server, "hi")
        project, kimicode.project = kimicode.project, tmp_path
        again = await kimicode("run", "--base-url", server.base_url, "--resume", first.result["session_id"], "fix it")
    assert again.code == 0, again.stderr
    assert "x + x\n" in (project / "double.py").read_text()
    assert f"working in {project}" in again.stderr
    shutil.rmtree(project)
    lost = await kimicode("run", "--base-url", server.base_url, "--resume", first.result["session_id"], "more")
    assert lost.code == 2
    assert "-C DIR" in lost.stderr


async def test_a_project_that_is_deleted_under_the_run_still_gets_its_report(kimicode):
    gone = ("bash", {"command": 'rm -rf "$PWD"'})
    async with ScriptedServer([Reply(calls=[gone]), Reply(calls=[SUBMIT])]) as server:
        run = await kimicode.run(server, "--sandbox", "off", "--trust", "hi")
    assert (run.code, run.result["answer"]) == (0, "done")
    assert "git" in run.result["summary"]


@pytest.mark.parametrize("arguments", [["run", "hi"], ["sessions", "list"]])
async def test_a_folder_that_is_gone_is_no_fault_of_kimicode(kimicode, arguments):
    line = 'rmdir "$PWD"; exec "$0" -m kimicode "$@"'
    (kimicode.home / "gone").mkdir()
    environment = {**os.environ, "KIMICODE_HOME": str(kimicode.home), "KIMICODE_BASE_URL": "http://127.0.0.1:1/v1"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", line, sys.executable, *arguments, cwd=kimicode.home / "gone", env=environment, stdout=-1, stderr=-1
    )
    run = await over(shell)
    assert run.code == 2
    assert "no longer exists" in run.stderr


async def test_without_git_the_report_says_that_git_is_missing(kimicode, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "cat"):
        (tools / name).symlink_to(str(shutil.which(name)))
    kimicode.variables["PATH"] = str(tools)
    async with ScriptedServer([Reply(calls=[("bash", {"command": "cat double.py"})]), Reply(calls=[SUBMIT])]) as server:
        run = await kimicode.run(server, "hi")
    assert "Git is not installed" in run.result["summary"]


@pytest.mark.parametrize(
    ("arguments", "told", "never"),
    [
        (["run", "fix", "it"], "in quotes", "Traceback"),
        (["run", "--base-url", "7100", "x"], "http://", "The settings are"),
        (["help", "run"], "kimicode run --help", "there is no topic"),
        (["sessions"], "", "kimicode:"),
    ],
)
async def test_wrong_arguments_are_told_what_to_do(kimicode, arguments, told, never):
    run = await kimicode(*arguments)
    assert run.code == 1
    assert told in run.stderr
    assert never not in run.stderr


@pytest.mark.parametrize("command", ["run", "serve", "sessions"])
async def test_every_command_knows_the_short_help_flag(kimicode, command):
    run = await kimicode(command, "-h")
    assert run.code == 0
    assert "Usage" in run.stdout


async def test_bash_completes_commands_options_topics_and_sessions(kimicode):
    async with ScriptedServer([Reply("hello")]) as server:
        first = await kimicode.run(server, "hi")
    words = {"kimicode ses": "sessions", "kimicode run --max-p": "--max-price", "kimicode help mo": "modes"}
    words["kimicode run --resume 2"] = first.result["session_id"]
    for line, wanted in words.items():
        asked = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_KIMICODE_COMPLETE": "complete_bash"}
        kimicode.variables |= asked
        run = await kimicode()
        assert (line, run.stdout.split()) == (line, [wanted])


async def test_the_status_line_fits_a_narrow_terminal_whatever_the_letters(kimicode):
    (kimicode.project / "日本語").mkdir()
    slow = ("bash", {"command": "sleep 2.1 # 日本語のとても長いフォルダ名前 🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉"})
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    kimicode.variables["TERM"] = "xterm"
    async with ScriptedServer([Reply(calls=[slow]), Reply("done")]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "hi", stderr=terminal)
        os.close(terminal)
        painted = asyncio.create_task(asyncio.to_thread(read_to_end, screen))
        await over(process)
        text = (await painted).decode()
    lines = re.findall("\x1b\\[2m(  [^\x1b\n]*)\x1b\\[0m", text)
    seconds = {found[1] for line in lines if "sleep" in line and (found := re.search(r" (\d+)s ", line))}
    assert len(seconds) > 1, "time goes on while a command runs"
    assert max(map(width_of, lines)) < 40
    assert not text.rstrip("\r").endswith("\x1b[0m"), "the status line is taken away at the end"


async def test_a_terminal_that_is_closed_ends_the_run(kimicode):
    screen, terminal = pty.openpty()
    kimicode.variables["TERM"] = "xterm"
    async with ScriptedServer([Reply("word " * 2000, delay=0.05)]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "-o", "json", "hi", stderr=terminal)
        os.close(terminal)
        while b"answering" not in await asyncio.to_thread(os.read, screen, 4096):
            pass
        os.close(screen)
        run = await over(process, signal.SIGHUP)
    assert (run.code, json.loads(run.stdout)["status"]) == (143, "interrupted")


def read_to_end(screen: int) -> bytes:
    read = b""
    while True:
        try:
            chunk = os.read(screen, 4096)
        except OSError:
            return read
        if not chunk:
            return read
        read += chunk


async def test_ten_thousand_files_do_not_delay_the_first_request(kimicode):
    folder = kimicode.project / "many"
    for number in range(100):
        (folder / str(number)).mkdir(parents=True)
        for name in range(100):
            (folder / str(number) / f"{name}.txt").touch()
    async with ScriptedServer([Reply("hello")]) as server:
        began = time.monotonic()
        process = await kimicode.start("run", "--base-url", server.base_url, "hi")
        while not server.requests:
            await asyncio.sleep(0.01)
        took = time.monotonic() - began
        run = await over(process)
    assert run.code == 0
    assert took < 25, "half a second on an idle machine"
