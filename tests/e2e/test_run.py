"""`kimicode run` from end to end: a real process, real HTTP, real tools, a scripted model."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from kimicode.llm.scripted import Reply, ScriptedServer
from tests.e2e.conftest import BROKEN, FIXED, git, over
from tests.fakes.model_server import FaultServer, free_port, status

CHECK = ("bash", {"command": "python3 check.py"})
FIX = ("strreplace", {"path": "double.py", "old_str": "x + x + 1", "new_str": "x + x"})
SUBMIT = ("submit", {"summary": "double() added one too many."})
SOLVED = (Reply("I run the check.", calls=[CHECK]), Reply(calls=[FIX]), Reply(calls=[CHECK]), Reply(calls=[SUBMIT]))
TASK = "check.py fails, fix it"
SCHEMA = json.loads(resources.files("kimicode").joinpath("docs/output.schema.json").read_text())


async def test_it_fixes_a_bug_and_reports_from_the_records(kimicode):
    async with ScriptedServer(SOLVED) as server:
        run = await kimicode("run", "--base-url", server.base_url, TASK)
    assert run.code == 0, run.stderr
    assert (kimicode.project / "double.py").read_text() == FIXED
    assert run.stdout.splitlines() == [
        "double() added one too many.",
        "",
        "1 file changed",
        "  M double.py  +1 -1",
        "Run after the last edit",
        "  exit 0  python3 check.py",
    ]
    assert run.stderr == "", "progress is for terminals"


async def test_every_line_of_stream_json_fulfils_the_schema_and_the_last_is_the_result(kimicode):
    async with ScriptedServer(SOLVED) as server:
        run = await kimicode.run(server, TASK)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for record in run.records:
        validator.validate(record)
    result = run.result
    assert (result["status"], result["steps"], result["price"]) == ("finished", 4, 0.0)
    assert result["files_changed"] == [
        {"type": "file_change", "path": "double.py", "status": "M", "added": 1, "removed": 1}
    ]
    assert result["usage"]["input_tokens"] == 400


async def test_json_output_is_the_result_alone(kimicode):
    async with ScriptedServer([Reply("It doubles, and adds one.")]) as server:
        run = await kimicode("run", "--base-url", server.base_url, "--output", "json", "what does double do?")
    assert json.loads(run.stdout)["answer"] == "It doubles, and adds one."
    assert run.code == 0


async def test_a_question_gets_its_answer_and_no_report(kimicode):
    async with ScriptedServer([Reply("It doubles.")]) as server:
        run = await kimicode("run", "--base-url", server.base_url, "what does double do?")
    assert run.stdout == "It doubles.\n"


async def test_the_patch_holds_what_the_run_did_and_nothing_else(kimicode, tmp_path):
    (kimicode.project / "check.py").write_text("from double import double\nassert double(2) == 4  # mine\n")
    made = ("bash", {"command": "echo made > 'new file.txt'; python3 check.py"})
    turns = [Reply(calls=[FIX]), Reply(calls=[made]), Reply(calls=[SUBMIT])]
    async with ScriptedServer(turns) as server:
        run = await kimicode.run(server, "--patch", str(tmp_path / "fix.patch"), TASK)
    assert [change["path"] for change in run.result["files_changed"]] == ["double.py", "new file.txt"]
    git(kimicode.project, "checkout", "-q", "double.py")
    (kimicode.project / "new file.txt").unlink()
    git(kimicode.project, "apply", str(tmp_path / "fix.patch"))
    assert (kimicode.project / "double.py").read_text() == FIXED
    assert (kimicode.project / "check.py").read_text().endswith("# mine\n")


async def test_without_git_it_works_and_says_what_it_cannot_do(kimicode, tmp_path):
    subprocess.run(["rm", "-rf", kimicode.project / ".git"], check=True)
    async with ScriptedServer(SOLVED) as server:
        run = await kimicode.run(server, TASK)
    assert (kimicode.project / "double.py").read_text() == FIXED
    assert run.result["files_changed"][0]["path"] == "double.py"
    assert "Not a git repository" in run.result["summary"]
    async with ScriptedServer(SOLVED[:1] + SOLVED[3:]) as server:
        run = await kimicode.run(server, "--patch", str(tmp_path / "p"), TASK)
    assert run.code == 2
    assert "no patch" in run.result["reason"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "MOONSHOT_API_KEY"),
        (["--base-url", "https://api.example.org/v1"], "KIMICODE_API_KEY"),
        (["--base-url", "nonsense"], "base-url"),
    ],
)
async def test_without_configuration_one_message_names_variables_and_flags(kimicode, arguments, told):
    run = await kimicode("run", *arguments, "hello")
    assert run.code == 1
    assert told in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "--mode", "never", "x"], ["rnu"], ["run", "--plan-first", "--plan", "x"]]
)
async def test_wrong_usage_is_exit_code_1_and_says_where_help_is(kimicode, arguments):
    run = await kimicode(*arguments)
    assert run.code == 1
    assert run.stderr.startswith("kimicode: ")


async def test_a_refused_key_is_exit_code_1_and_names_the_variable(kimicode):
    async with FaultServer([status(401, "invalid key")]) as server:
        run = await kimicode.run(server, "hello")
    assert run.code == 1
    assert "KIMICODE_API_KEY" in run.result["reason"]


async def test_a_server_that_is_not_there_is_exit_code_2(kimicode):
    url = f"http://127.0.0.1:{free_port()}/v1"
    run = await kimicode("run", "--base-url", url, "--model", "m", "--output", "stream-json", "hello")
    assert run.code == 2
    assert url in run.result["reason"]


async def test_a_missing_folder_is_exit_code_2_and_named(kimicode):
    async with ScriptedServer([]) as server:
        run = await kimicode.run(server, "-C", "missing", "hello")
    assert run.code == 2
    assert "missing" in run.result["reason"]


async def test_a_limit_is_exit_code_3_and_the_work_so_far_is_reported(kimicode):
    async with ScriptedServer(SOLVED) as server:
        run = await kimicode.run(server, "--max-steps", "2", TASK)
    assert (run.code, run.result["status"]) == (3, "limit")
    assert run.result["files_changed"][0]["path"] == "double.py"
    assert "--max-steps" in run.result["reason"]


async def test_what_needs_a_question_is_denied_and_nothing_done_is_exit_code_4(kimicode):
    turns = [Reply(calls=[FIX]), Reply("I may not.")]
    async with ScriptedServer(turns) as server:
        run = await kimicode.run(server, "--mode", "ask", TASK)
    assert (run.code, run.result["status"]) == (4, "denied")
    assert (kimicode.project / "double.py").read_text() == BROKEN


async def test_a_conversation_that_is_too_long_for_the_server_is_summed_up_and_goes_on(kimicode):
    too_long = status(400, "This model's maximum context length is 1000 tokens", code="context_length_exceeded")
    look = Reply(calls=[("view", {"path": "double.py"})])
    async with FaultServer([look, too_long, Reply("I looked at double.py."), *SOLVED]) as server:
        run = await kimicode.run(server, TASK)
    assert run.code == 0, run.result
    assert (kimicode.project / "double.py").read_text() == FIXED
    [compacted] = [record for record in run.records if record["type"] == "compaction.completed"]
    assert "I looked at double.py." in json.dumps(compacted["messages"])
    assert server.requests[3]["messages"][1]["content"] == TASK


async def test_plan_mode_returns_a_plan_and_touches_nothing(kimicode):
    turns = [Reply(calls=[CHECK]), Reply(calls=[("submit", {"summary": "1. Drop the + 1."})])]
    async with ScriptedServer(turns) as server:
        run = await kimicode.run(server, "--plan", TASK)
    assert (run.code, run.result["answer"]) == (0, "1. Drop the + 1.")
    offered = {tool["function"]["name"] for tool in server.requests[0]["tools"]}
    assert offered == {"bash", "view", "search", "outline", "plan", "submit"}


async def test_plan_first_plans_and_then_acts_in_the_same_session(kimicode):
    plan = Reply(calls=[("submit", {"summary": "1. Drop the + 1."})])
    async with ScriptedServer([plan, *SOLVED]) as server:
        run = await kimicode.run(server, "--plan-first", TASK)
    assert run.code == 0
    assert (kimicode.project / "double.py").read_text() == FIXED
    assert "strreplace" not in json.dumps(server.requests[0]["tools"])
    assert "strreplace" in json.dumps(server.requests[1]["tools"])


async def test_the_swe_toolset_is_the_six_tools_alone(kimicode):
    async with ScriptedServer([Reply("hello")]) as server:
        await kimicode.run(server, "--toolset", "swe", "hi")
    offered = [tool["function"]["name"] for tool in server.requests[0]["tools"]]
    assert sorted(offered) == ["bash", "createfile", "insert", "strreplace", "submit", "view"]


async def test_a_continued_session_sends_what_the_first_run_would_have_sent(kimicode):
    async with ScriptedServer(
        [Reply(calls=[("view", {"path": "double.py"})]), Reply("It adds one."), Reply("Yes.")]
    ) as s:
        await kimicode.run(s, "look")
        again = await kimicode.run(s, "--continue", "sure?")
    assert again.code == 0
    before, after = s.requests[1]["messages"], s.requests[2]["messages"]
    assert after[: len(before)] == before
    assert [message["role"] for message in after[len(before) :]] == ["assistant", "user"]
    assert after[-1]["content"] == "sure?"


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_the_run_with_a_result_and_no_survivors(kimicode, stop, code):
    marker = f"{os.getpid()}7"
    slow = Reply(calls=[("bash", {"command": f"sleep {marker} & sleep {marker}"})])
    async with ScriptedServer([slow]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "--output", "stream-json", "wait")
        await until(lambda: running(f"sleep {marker}"))
        run = await over(process, stop)
    assert (run.code, run.result["status"]) == (code, "interrupted")
    assert not running(f"sleep {marker}")
    kinds = [record["type"] for record in run.records]
    assert kinds.index("tool.completed") < kinds.index("turn.completed") < kinds.index("result")


async def test_a_signal_while_the_model_speaks_keeps_what_was_said(kimicode):
    async with ScriptedServer([Reply("word " * 500, delay=0.05)]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "--output", "stream-json", "talk")
        await process.stdout.readuntil(b'"part.updated"')
        run = await over(process, signal.SIGINT)
    assert run.code == 130
    said = [json.loads(line) for line in run.stdout.splitlines()[1:]]
    assert "word" in next(r for r in said if r["type"] == "message.added")["message"]["parts"][0]["text"]


async def test_after_kill_9_everything_shown_is_there_and_the_session_goes_on(kimicode):
    slow = Reply("I wait.", calls=[("bash", {"command": "sleep 300"})])
    async with ScriptedServer([slow, Reply("I see that I was cut off.")]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "--output", "stream-json", "wait")
        shown = await process.stdout.readuntil(b'"tool.started"')
        process.kill()
        await process.wait()
        session = json.loads(shown.splitlines()[0])["session_id"]
        journal = (kimicode.home / "kimicode/sessions" / session / "journal.jsonl").read_text()
        again = await kimicode.run(server, "--continue", "go on")
    types = [json.loads(line)["type"] for line in journal.splitlines()]
    assert types == [json.loads(line)["type"] for line in shown.splitlines()[:-1]] + ["tool.started"]
    assert again.code == 0
    assert "interrupted" in server.requests[1]["messages"][-2]["content"]
    subprocess.run(["pkill", "-f", "sleep 300"], check=False)


async def test_a_reader_that_goes_away_ends_the_run(kimicode):
    async with ScriptedServer([Reply("word " * 2000, delay=0.01)]) as server:
        process = await kimicode.start("run", "--base-url", server.base_url, "--output", "stream-json", "talk")
        await process.stdout.readline()
        process.stdout._transport.close()
        code = await asyncio.wait_for(process.wait(), 20)
    assert code == 2


async def test_a_full_disk_is_exit_code_2_and_the_result_is_still_printed(kimicode):
    full = kimicode.home / "small"
    full.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", full], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        kimicode.variables["KIMICODE_HOME"] = str(full)
        async with ScriptedServer([Reply(" ".join(map(str, range(30_000)))), Reply("ok")]) as server:
            run = await kimicode.run(server, "talk")
        assert run.code == 2
        assert "No space left" in run.result["reason"]
        assert str(full) in run.result["reason"]
    finally:
        subprocess.run(["umount", full], check=True)


async def test_a_home_that_cannot_be_written_is_exit_code_2(kimicode):
    kimicode.variables["KIMICODE_HOME"] = "/proc/nowhere"
    async with ScriptedServer([Reply("hello")]) as server:
        run = await kimicode.run(server, "hi")
    assert run.code == 2
    assert "/proc/nowhere" in run.result["reason"]


async def test_stdin_and_a_file_give_prompts(kimicode, tmp_path):
    (tmp_path / "task.md").write_text("from a file")
    async with ScriptedServer([Reply("ok"), Reply("ok")]) as server:
        await kimicode.run(server, "-f", str(tmp_path / "task.md"))
        with (tmp_path / "task.md").open() as file:
            await kimicode("run", "--base-url", server.base_url, "-", stdin=file)
    assert [request["messages"][-1]["content"] for request in server.requests] == ["from a file"] * 2


async def test_the_sessions_command_lists_what_was_done(kimicode):
    async with ScriptedServer([Reply("It doubles.")]) as server:
        await kimicode.run(server, "what does double do?")
    listed = await kimicode("sessions", "list")
    shown = await kimicode("sessions", "show", "last")
    assert "what does double do?" in listed.stdout
    assert "It doubles." in shown.stdout


async def test_agents_md_reaches_the_model_once(kimicode):
    (kimicode.project / "AGENTS.md").write_text("Always say please.")
    async with ScriptedServer([Reply("hello")]) as server:
        await kimicode.run(server, "--trust", "hi")
    assert json.dumps(server.requests[0]).count("Always say please.") == 1


def running(command: str) -> bool:
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b" ".join(words).strip() == command.encode():
            return True
    return False


async def until(condition, seconds: float = 20.0) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came to that")


def test_the_schema_that_is_shipped_is_the_one_of_the_code():
    made = subprocess.run([sys.executable, "-m", "kimicode.cli.schema"], capture_output=True, text=True, check=True)
    assert json.loads(made.stdout) == SCHEMA
