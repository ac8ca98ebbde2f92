"""The end of commands: background jobs, daemons, questions nobody answers, interrupts, and no survivors."""

import asyncio
import itertools
import os
import time
from pathlib import Path

import pytest

from kimicode.errors import ToolError
from kimicode.workspace.shell import CommandResult, Shell
from tests.fakes.confined import WORLDS, in_world

_durations = itertools.count(os.getpid() * 1000 + 300_000_000)


@pytest.fixture(params=WORLDS)
async def shell(request, tmp_path):
    root = tmp_path / "work"
    root.mkdir()
    shell = Shell(root, tmp_path / "spill", prompt_quiet=0.5, sandbox=in_world(request.param, root))
    yield shell
    await shell.close()


@pytest.fixture
def seconds():
    """A duration for `sleep` by which this test's processes can be told from all others."""
    return str(next(_durations))


def processes_with(argument: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if argument.encode() in arguments and state != "Z":
            found.append(folder.name)
    return found


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(
    "command",
    [
        "sleep {} & echo started",
        "setsid sleep {} & echo started",
        "sleep {} >/dev/null 2>&1 </dev/null & echo started",
        "nohup setsid sleep {} >/dev/null 2>&1 & disown; echo started",
        "env -i sleep {} & echo started",
    ],
)
async def test_a_daemon_does_not_hold_the_command_and_is_gone_after_close(shell, seconds, command):
    began = time.monotonic()
    result = await shell.run(command.replace("{}", seconds))
    assert time.monotonic() - began < 20
    assert result.output.strip() == "started"
    assert result.exit_code == 0
    assert len(result.survivors) == 1
    assert result.job_id == "1"
    await shell.close()
    assert processes_with(seconds) == []


async def test_a_daemon_that_goes_on_printing_can_be_read_and_stopped(shell):
    await shell.run("true")
    before = open_descriptors()
    result = await shell.run("(while true; do echo tick; sleep 0.4; done) & echo started")
    assert result.job_id is not None
    assert result.output.startswith("started")
    await asyncio.sleep(0.6)
    assert "tick" in (await shell.read(result.job_id)).output
    stopped = await shell.stop(result.job_id)
    assert stopped.survivors == ()
    assert open_descriptors() == before


async def test_late_output_of_children_is_not_lost(shell):
    result = await shell.run("(for i in 1 2 3 4 5; do sleep 0.1; echo hook $i; done) & true")
    assert result.output.split() == ["hook", "1", "hook", "2", "hook", "3", "hook", "4", "hook", "5"]
    assert result.survivors == ()


async def test_what_takes_too_long_goes_on_in_the_background(shell):
    result = await shell.run("cd /; echo early; sleep 1.5; echo late; exit 6", timeout=1)
    assert (result.output, result.exit_code, result.job_id) == ("early\n", None, "1")
    assert [(j.id, j.exit_code) for j in shell.jobs()] == [("1", None)]
    assert (await shell.read("1")).output == ""
    ended = await shell.wait("1", 5)
    assert (ended.output, ended.exit_code) == ("late\n", 6)
    assert ended.duration_s == pytest.approx(1.5, abs=1)
    assert shell.cwd != Path("/")
    assert (await shell.read("1")).output == ""


async def test_waiting_for_a_job_ends_when_its_time_is_up(shell, seconds):
    await shell.run(f"sleep {seconds}", background=True)
    result = await shell.wait("1", 0.3)
    assert result.exit_code is None


async def test_background_starts_at_once_and_shows_the_first_second(shell, seconds):
    began = time.monotonic()
    result = await shell.run(f"echo ready; sleep {seconds}", background=True)
    assert time.monotonic() - began < 20
    assert (result.output, result.exit_code, result.job_id) == ("ready\n", None, "1")
    stopped = await shell.stop("1")
    assert stopped.exit_code == 143
    assert processes_with(seconds) == []


async def test_a_job_that_ends_within_its_first_second_is_no_job(shell):
    result = await shell.run("echo done", background=True)
    assert (result.output, result.exit_code, result.job_id) == ("done\n", 0, None)


async def test_an_unknown_job_is_named_together_with_the_known_ones(shell):
    with pytest.raises(ToolError, match="no job 7; known jobs: none"):
        await shell.read("7")


async def test_stopping_kills_what_ignores_the_polite_signal(shell, seconds):
    await shell.run(f"trap '' TERM; (trap '' TERM; sleep {seconds}); sleep {seconds}", background=True)
    began = time.monotonic()
    result = await shell.stop("1")
    assert result.exit_code == 137
    assert 1.5 < time.monotonic() - began < 20
    assert processes_with(seconds) == []


async def test_stopping_reaches_a_process_that_is_suspended(shell, seconds):
    await shell.run(f"sleep {seconds} & kill -STOP $!; kill -STOP $$", background=True)
    assert (await shell.stop("1")).exit_code == 143, "it was asked, and not killed after the time for that was up"
    assert processes_with(seconds) == []


QUESTIONS = [
    "Do you want to continue? [Y/n] ",
    "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
    "Enter password for https://host: ",
    ">>> ",
    "Press any key to continue . . .",
    "Continue? ",
]


async def in_shells_of_their_own(tmp_path, commands: list[str]) -> list[CommandResult]:
    shells = [Shell(tmp_path, tmp_path / "spill", prompt_quiet=0.5) for _ in commands]
    results = await asyncio.gather(*(shell.run(c) for shell, c in zip(shells, commands, strict=True)))
    await asyncio.gather(*(shell.close() for shell in shells))
    return results


async def test_a_question_nobody_answers_stops_the_command(tmp_path, seconds):
    commands = [f"printf '%s' 'working\n{question}'; sleep {seconds}" for question in QUESTIONS]
    for question, result in zip(QUESTIONS, await in_shells_of_their_own(tmp_path, commands), strict=True):
        assert result.stuck_prompt == question.strip()
        assert result.exit_code == 143
    assert processes_with(seconds) == []


async def test_silence_alone_is_no_question(tmp_path):
    texts = ("Continue? [y/N]\\n", "Downloading...", "50%% done?", "passwords checked")
    commands = [f"printf '{text}'; sleep 1.2; echo end" for text in texts]
    for result in await in_shells_of_their_own(tmp_path, commands):
        assert result.stuck_prompt is None
        assert result.output.endswith("end\n")


async def test_an_interrupt_kills_the_command_and_is_passed_on(shell, seconds):
    task = asyncio.create_task(shell.run(f"setsid sleep {seconds} & sleep {seconds}"))
    while len(processes_with(seconds)) < 2:
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processes_with(seconds) == []
    assert (await shell.run("echo next")).output == "next\n"


async def test_a_second_interrupt_during_the_first_still_leaves_nothing(shell, seconds):
    task = asyncio.create_task(shell.run(f"trap '' TERM; (trap '' TERM; sleep {seconds}); sleep {seconds}"))
    while not processes_with(seconds):
        await asyncio.sleep(0.02)
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0.1)
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.1)
    assert processes_with(seconds) == []


async def test_closing_ends_running_commands_and_jobs_and_gives_back_all_descriptors(tmp_path, seconds):
    before = open_descriptors()
    shell = Shell(tmp_path, tmp_path / "spill")
    await shell.run(f"sleep {seconds}", background=True)
    running = asyncio.create_task(shell.run(f"setsid sleep {seconds}"))
    while len(processes_with(seconds)) < 2:
        await asyncio.sleep(0.02)
    await shell.close()
    assert processes_with(seconds) == []
    assert (await running).exit_code == 143
    await shell.close()
    assert open_descriptors() == before


async def test_killing_at_once_needs_no_event_loop_and_no_patience(shell, seconds):
    shell.kill()
    await shell.run(f"trap '' TERM; setsid sleep {seconds} & env -i sleep {seconds} & sleep {seconds}", background=True)
    began = time.monotonic()
    shell.kill()
    assert time.monotonic() - began < 1.5
    assert (await shell.wait("1", 2)).exit_code == 137
    assert processes_with(seconds) == []


async def test_looking_at_a_jobs_output_takes_nothing_from_whoever_reads_it(shell, tmp_path):
    go = tmp_path / "go"
    command = f"echo begun; until [ -e '{go}' ]; do sleep 0.1; done; echo later; sleep 60"
    job = await shell.run(command, background=True)
    assert job.job_id is not None
    go.touch()
    for _ in range(200):
        if "later" in shell.peek(job.job_id):
            break
        await asyncio.sleep(0.1)
    assert shell.peek(job.job_id) == "begun\nlater\n"
    assert "later" in (await shell.read(job.job_id)).output
    assert shell.peek(job.job_id) == "begun\nlater\n"
    with pytest.raises(ToolError, match="no job 9"):
        shell.peek("9")
