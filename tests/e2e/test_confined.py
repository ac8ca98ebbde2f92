"""What a run may not do, as a user meets it: the sandbox, secrets, rules, and the audit afterwards."""

import json
from pathlib import Path

from kimicode.llm.scripted import Reply, ScriptedServer

KEY = "ghp_" + "a1B2" * 9


def bash(command, **more):
    return Reply(calls=[("bash", {"command": command, **more})])


DONE = Reply(calls=[("submit", {"summary": "done"})])


async def test_a_command_writes_in_the_project_and_nowhere_else(kimicode, tmp_path):
    outside = Path("/usr/share/kimicode-was-here")
    turns = [bash("echo in > inside.txt"), bash(f"echo out > {tmp_path}/x"), bash(f"echo out > {outside}"), DONE, DONE]
    async with ScriptedServer(turns) as server:
        run = await kimicode.run(server, "write")
    assert (kimicode.project / "inside.txt").read_text() == "in\n"
    assert not (tmp_path / "x").exists()
    assert not outside.exists()
    told = json.dumps(server.requests[-1]["messages"])
    assert "the sandbox may be why" in told
    assert "Nobody is here to let it out" in told
    assert run.code == 0


async def test_nobody_lets_a_command_out_of_the_sandbox_in_a_run(kimicode, tmp_path):
    turns = [bash(f"echo out > {tmp_path}/escaped", outside_sandbox=True), DONE]
    async with ScriptedServer(turns) as server:
        run = await kimicode.run(server, "write")
    assert not (tmp_path / "escaped").exists()
    assert [r["allowed"] for r in run.records if r["type"] == "approval.resolved"] == [False]


async def test_yolo_in_a_trusted_folder_is_without_a_sandbox(kimicode, tmp_path):
    async with ScriptedServer([bash(f"echo out > {tmp_path}/written"), DONE]) as server:
        await kimicode.run(server, "--mode", "yolo", "--trust", "write")
    assert (tmp_path / "written").read_text() == "out\n"


async def test_what_cannot_be_confined_is_not_run_where_a_sandbox_is_required(kimicode):
    async with ScriptedServer([bash("id > who"), DONE]) as server:
        kimicode.variables["HOME"] = str(kimicode.project)  # too wide a folder to be given to commands
        run = await kimicode.run(server, "--sandbox", "required", "who am I?")
    assert run.code == 1
    assert not (kimicode.project / "who").exists()
    assert server.requests == []


async def test_secrets_reach_neither_the_model_nor_the_record(kimicode):
    (kimicode.project / "notes.txt").write_text(f"token: {KEY}\n")
    (kimicode.project / ".env").write_text("PASSWORD=kept-from-the-model\n")
    turns = [
        bash("cat notes.txt; cat .env"),
        Reply(calls=[("view", {"path": "notes.txt"})]),
        Reply(calls=[("view", {"path": ".env"})]),
        DONE,
    ]
    async with ScriptedServer(turns) as server:
        run = await kimicode.run(server, f"is {KEY} in it?")
    told = json.dumps(server.requests)
    assert KEY not in told
    assert "[redacted: GitHub token]" in told
    assert "kept-from-the-model" not in told
    journals = list(kimicode.home.rglob("journal.jsonl"))
    assert len(journals) == 1
    assert KEY not in journals[0].read_text()
    assert KEY not in run.stdout


async def test_a_rule_that_refuses_holds_in_every_mode(kimicode, tmp_path):
    (kimicode.home / "kimicode").mkdir()
    (kimicode.home / "kimicode" / "rules.toml").write_text('deny = ["bash: touch"]\n')
    turns = [bash("touch a"), bash("true && touch b"), DONE]
    async with ScriptedServer(turns) as server:
        await kimicode.run(server, "--mode", "yolo", "--trust", "touch")
    assert not (kimicode.project / "a").exists()
    assert not (kimicode.project / "b").exists()


async def test_files_that_run_later_are_named_in_the_report(kimicode):
    turns = [Reply(calls=[("createfile", {"path": "Makefile", "file_text": "all:\n\techo\n"})]), DONE]
    async with ScriptedServer(turns) as server:
        run = await kimicode.run(server, "make")
    assert "Makefile" in run.result["summary"]
    assert "Obeyed later" in run.result["summary"]


async def test_the_audit_tells_what_was_done(kimicode):
    turns = [bash("echo hello > made"), bash("cat made"), DONE]
    async with ScriptedServer(turns) as server:
        run = await kimicode.run(server, "make it")
    audit = await kimicode("sessions", "audit", run.result["session_id"], "--json")
    assert audit.code == 0, audit.stderr
    entries = [json.loads(line) for line in audit.stdout.splitlines()]
    commands = [entry for entry in entries if entry["kind"] == "command"]
    assert [(entry["command"], entry["exit_code"], entry["outside"]) for entry in commands] == [
        ("echo hello > made", 0, False),
        ("cat made", 0, False),
    ]
    assert [(entry["path"], entry["bytes"]) for entry in entries if entry["kind"] == "wrote"] == [
        (str(kimicode.project / "made"), 6)
    ]
    assert commands[1]["output_bytes"] == 6
