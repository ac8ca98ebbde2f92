"""`kimicode demo` and `--model kimi-nano` from end to end: what is told is what happened, and nothing stays behind."""

import asyncio
import os
import signal

import pytest

from kimicode.llm.scripted import Reply, ScriptedServer
from tests.e2e.conftest import over
from tests.fakes.local_engine import log, shim
from tests.fakes.nano_package import DONE, FIX, RUN, SOLVED, SURRENDER, package


@pytest.fixture
def demo(kimicode, tmp_path):
    """Starts `kimicode demo` with these answers of the model; its temporary folders have a blank in their name."""
    temporary = tmp_path / "temporary files"
    temporary.mkdir()
    kimicode.variables = {**shim(tmp_path / "shim"), "TMPDIR": str(temporary), "KIMICODE_NANO": str(tmp_path / "nano")}

    def started(*turns, options=("--bug", "adding-up"), **config):
        package(tmp_path / "nano", *turns, **config)
        return kimicode.start("demo", *options)

    started.temporary = temporary
    started.weights = tmp_path / "nano" / "checkpoint"
    return started


def nothing_is_left(demo):
    kept = [path.name for path in demo.temporary.iterdir()]
    return kept == [] and log(demo.weights)[-1].startswith("ended")


async def test_a_bug_that_is_mended_is_reported_as_solved(demo):
    run = await over(await demo(*SOLVED))
    assert run.code == 0, run.stdout + run.stderr
    assert "It is not Kimi K2.6." in run.stdout
    assert "1 of 3 tests fail: test_several" in run.stdout
    assert "AssertionError: -6 != 6" in run.stdout
    assert "Solved: all 3 tests pass, in 4 steps" in run.stdout
    assert "kimi-nano says: total adds the prices now." in run.stdout
    for shown in ("total([1, 2, 3]) gave -6", "-        result -= price", "+        result += price"):
        assert shown in run.stderr
    assert nothing_is_left(demo)


async def test_the_model_is_asked_as_it_was_trained(demo):
    await over(await demo(*SOLVED))
    asked = next(line for line in log(demo.weights) if line.startswith("asked "))
    assert '"model": "kimi-nano"' in asked
    assert '"temperature": 0.0' in asked
    assert '"max_tokens": 600' in asked
    assert '"chat_template_kwargs": {"thinking": false}' in asked


async def test_a_shell_completes_the_numbers_of_bugs(kimicode, tmp_path):
    package(tmp_path / "nano", *SOLVED)
    words = {"COMP_WORDS": "kimicode demo --bug ", "COMP_CWORD": "3", "_KIMICODE_COMPLETE": "complete_bash"}
    kimicode.variables = {"KIMICODE_NANO": str(tmp_path / "nano"), **words}
    offered = (await kimicode()).stdout.split()
    assert offered == [str(number) for number in range(1, len(offered) + 1)]
    assert offered
    kimicode.variables["KIMICODE_NANO"] = str(tmp_path / "nowhere")
    assert (await kimicode()).stdout.split() == []


async def test_giving_up_is_told_as_such_with_what_would_have_been_right(demo):
    run = await over(await demo(RUN, SURRENDER, SURRENDER))
    assert run.code == 3
    assert "Not solved: 1 of 3 tests still fail, after 3 steps" in run.stdout
    assert "kimi-nano says: I did not find the bug." in run.stdout
    assert "total subtracts the prices." in run.stdout
    assert nothing_is_left(demo)


async def test_tests_that_were_made_to_pass_count_for_nothing(demo):
    silenced = {"path": "test_shop.py", "old_str": "self.assertEqual(total([1, 2, 3]), 6)", "new_str": "pass"}
    run = await over(await demo(RUN, {"calls": [("strreplace", silenced)]}, RUN, DONE))
    assert run.code == 3
    assert "Not solved: 1 of 3 tests still fail" in run.stdout
    assert "judged by the original ones" in run.stdout


async def test_a_module_that_ends_the_tests_early_has_not_passed_them(demo):
    quitting = {
        "path": "shop.py",
        "old_str": "def total(prices):",
        "new_str": "import os\nos._exit(0)\ndef total(prices):",
    }
    run = await over(await demo(RUN, {"calls": [("strreplace", quitting)]}, RUN, DONE, DONE))
    assert run.code == 3
    assert "the tests do not run any more" in run.stdout


async def test_another_test_that_breaks_is_counted(demo):
    worse = {"path": "shop.py", "old_str": "    result = 0\n", "new_str": "    result = 1\n"}
    run = await over(await demo(RUN, {"calls": [("strreplace", worse)]}, RUN, DONE, DONE))
    assert run.code == 3
    assert "2 of 3 tests still fail, 1 of which passed before" in run.stdout


async def test_passing_tests_without_an_end_are_no_success(demo):
    run = await over(await demo(RUN, FIX, *[{"text": ""}] * 8))
    assert run.code == 3
    assert "kimi-nano did not see that it was done" in run.stdout


async def test_an_engine_that_dies_is_told_and_not_the_models_fault(demo):
    run = await over(await demo(RUN, fault="crash"))
    assert run.code == 2
    assert "It broke off: the local engine did not start: the disk went away" in run.stdout
    assert list(demo.temporary.iterdir()) == []


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("phase", ["loading", "answering"])
async def test_ctrl_c_leaves_nothing_behind(demo, times, phase):
    slow = {"loading_s": 30.0} if phase == "loading" else {}
    process = await demo({**RUN, "delay": 5.0}, **slow)
    until = "started" if phase == "loading" else "asked"
    async with asyncio.timeout(20):
        while not any(line.startswith(until) for line in log(demo.weights)):
            await asyncio.sleep(0.02)
    for _ in range(times - 1):
        process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.05)
    run = await over(process, signal.SIGINT)
    assert run.code == 130
    pid = int(log(demo.weights)[0].split()[1])
    async with asyncio.timeout(10):
        while alive(pid) or list(demo.temporary.iterdir()):
            await asyncio.sleep(0.02)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_it_works_without_git_in_a_folder_that_cannot_be_written(demo, kimicode, tmp_path):
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nexit 127\n")
    git.chmod(0o755)
    kimicode.variables["PATH"] = f"{git.parent}{os.pathsep}{os.environ['PATH']}"
    kimicode.project.chmod(0o500)
    try:
        run = await over(await demo(*SOLVED))
    finally:
        kimicode.project.chmod(0o700)
    assert run.code == 0, run.stdout + run.stderr


async def test_a_project_that_is_kept_shows_what_was_done(demo):
    run = await over(await demo(*SOLVED, options=("--keep",)))
    (kept,) = demo.temporary.iterdir()
    assert f"Kept: {kept}" in run.stdout
    assert "result += price" in (kept / "shop" / "shop.py").read_text()


async def test_bugs_are_listed_and_one_that_is_not_there_is_said(demo):
    listed = await over(await demo(options=("--list",)))
    assert listed.stdout == "   1  Adding up\n"
    run = await over(await demo(options=("--bug", "2")))
    assert run.code == 1
    assert "there is no bug '2'" in run.stderr


# --- without a demonstration ----------------------------------------------------------------------------------


async def test_without_a_model_it_is_offered_for_what_it_is(kimicode, tmp_path):
    kimicode.variables = {"KIMICODE_NANO": str(package(tmp_path / "nano"))}
    run = await kimicode("run", "fix it")
    assert run.code == 1
    assert "kimicode demo" in run.stderr
    assert "it is not Kimi K2.6" in run.stderr


async def test_without_its_package_it_says_how_to_install_it(kimicode, tmp_path):
    kimicode.variables = {"KIMICODE_NANO": str(tmp_path / "nothing")}
    run = await kimicode("run", "--model", "kimi-nano", "fix it")
    assert run.code == 1
    assert "not whole" in run.stderr
    assert "pip install" in run.stderr


async def test_it_works_in_a_folder_of_ones_own_and_says_what_it_is(kimicode, tmp_path):
    package(tmp_path / "nano", {"text": "Hello."})
    kimicode.variables = {**shim(tmp_path / "shim"), "KIMICODE_NANO": str(tmp_path / "nano")}
    kimicode.variables |= {"MOONSHOT_API_KEY": "sk-other", "KIMICODE_CHECKPOINT": str(tmp_path)}
    run = await kimicode("run", "--model", "kimi-nano", "--output", "stream-json", "fix it")
    assert run.code == 0, run.stderr
    assert any("It is not Kimi K2.6." in record.get("text", "") for record in run.records)
    started = next(record for record in run.records if record["type"] == "session.started")
    assert started["model"] == "kimi-nano"
    assert log(tmp_path / "nano" / "checkpoint")[-1] == "ended SIGTERM"


async def test_a_server_that_serves_it_is_asked_without_thinking_too(kimicode):
    async with ScriptedServer([Reply("Hello.")], models=({"id": "kimi-nano"},)) as server:
        run = await kimicode.run(server, "--model", "kimi-nano", "fix it")
    assert run.code == 0, run.stderr
    assert server.requests[0]["chat_template_kwargs"] == {"thinking": False}


async def test_two_checkpoints_contradict_each_other(kimicode, tmp_path):
    run = await kimicode("run", "--model", "kimi-nano", "--checkpoint", str(tmp_path), "fix it")
    assert run.code == 1
    assert "brings its own checkpoint" in run.stderr
