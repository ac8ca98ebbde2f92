"""`kimicode undo` after real runs: files and conversation, together or apart, and a crash in between."""

import json

import pytest

from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.workspace.pending import Rewind, restoring
from kimicode.workspace.restore import plan
from kimicode.workspace.steplog import StepLog
from tests.e2e.conftest import git
from tests.fakes.trees import tree

MESS = "rm check.py; mkdir -p out/deep; echo built > out/deep/it; chmod 755 double.py; ln -s /etc out/link"
WORK = (
    Reply(calls=[("strreplace", {"path": "double.py", "old_str": "x + x + 1", "new_str": "x + x"})]),
    Reply(calls=[("createfile", {"path": "new/notes.md", "file_text": "notes\n"})]),
    Reply(calls=[("bash", {"command": MESS})]),
    Reply(calls=[("submit", {"summary": "done"})]),
)


def files(project):
    return {path: what for path, what in tree(project).items() if "/.git/" not in path and not path.endswith("/.git")}


def journal(kimicode):
    (path,) = (kimicode.home / "kimicode/sessions").glob("*/journal.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
async def worked(kimicode):
    """The project after a run, and what it was before."""
    (kimicode.project / "crlf.txt").write_bytes(b"one\r\ntwo\r\n")
    (kimicode.project / ".gitattributes").write_text("crlf.txt text eol=crlf\n")
    (kimicode.project / "mine.txt").write_text("not committed\n")
    git(kimicode.project, "add", "crlf.txt", ".gitattributes")
    git(kimicode.project, "commit", "-qm", "line endings")
    before = files(kimicode.project)
    async with ScriptedServer(WORK) as server:
        run = await kimicode("run", "--base-url", server.base_url, "do it")
    assert run.code == 0, run.stderr
    assert files(kimicode.project) != before
    return kimicode, before


async def test_undo_takes_back_the_last_turn_and_the_undo_can_be_taken_back_as_well(worked):
    kimicode, before = worked
    after = files(kimicode.project)
    head = git(kimicode.project, "rev-parse", "HEAD")
    undone = await kimicode("undo")
    assert undone.code == 0, undone.stderr
    assert "+ check.py" in undone.stdout
    assert "- out/deep/it" in undone.stdout
    assert files(kimicode.project) == before
    assert git(kimicode.project, "rev-parse", "HEAD") == head
    assert journal(kimicode)[-1]["type"] == "conversation.rewound"
    assert not list((kimicode.home / "kimicode/restores").iterdir())
    redone = await kimicode("undo", "--to", "4")
    assert redone.code == 0, redone.stderr
    assert files(kimicode.project) == after


async def test_steps_are_listed_and_each_can_be_gone_back_to(worked):
    kimicode, _ = worked
    listed = await kimicode("undo", "--list")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["t1", "1", "2", "3"]
    assert "bash rm check.py" in listed.stdout
    undone = await kimicode("undo", "--to", "2", "--files-only")
    assert undone.code == 0, undone.stderr
    assert (kimicode.project / "check.py").exists()
    assert not (kimicode.project / "new").exists()
    assert (kimicode.project / "double.py").read_text().endswith("x + x\n")
    assert journal(kimicode)[-1]["origin"] == "note", "the model is told"


async def test_within_a_turn_the_conversation_goes_back_to_before_the_step_and_goes_on_from_there(worked):
    kimicode, _ = worked
    undone = await kimicode("undo", "--to", "2")
    assert undone.code == 0, undone.stderr
    assert "The conversation is back to before step 2" in undone.stdout
    assert not (kimicode.project / "new").exists()
    (folder,) = (kimicode.home / "kimicode/sessions").iterdir()
    async with ScriptedServer([Reply("Yes.")]) as server:
        assert (await kimicode.run(server, "--resume", folder.name, "was it the right fix?")).code == 0
        sent = server.requests[-1]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool", "user"]
    assert [call["function"]["name"] for call in sent[2]["tool_calls"]] == ["strreplace"]
    again = await kimicode("undo", "--to", "3", "--conversation-only")
    assert again.code == 1
    assert "no part of the conversation any more" in again.stderr


async def test_files_and_conversation_go_back_apart(worked):
    kimicode, before = worked
    after = files(kimicode.project)
    assert (await kimicode("undo", "--conversation-only")).code == 0
    assert files(kimicode.project) == after
    assert journal(kimicode)[-1]["type"] == "conversation.rewound"
    assert (await kimicode("undo", "--to", "1", "--files-only")).code == 0
    assert files(kimicode.project) == before


async def test_a_dry_run_shows_everything_and_does_nothing(worked):
    kimicode, _ = worked
    after = files(kimicode.project)
    shown = await kimicode("undo", "--dry-run")
    assert "~ double.py" in shown.stdout
    assert files(kimicode.project) == after
    assert journal(kimicode)[-1]["type"] == "result"


async def test_of_many_files_some_are_named_and_all_counted(kimicode):
    many = (Reply(calls=[("bash", {"command": "touch n{1..70}"})]), Reply(calls=[("submit", {"summary": "done"})]))
    async with ScriptedServer(many) as server:
        assert (await kimicode("run", "--base-url", server.base_url, "touch them")).code == 0
    assert len((await kimicode("undo", "--dry-run")).stdout.splitlines()) == 70
    undone = (await kimicode("undo")).stdout.splitlines()
    assert undone[50] == "... and 20 more (--dry-run shows all)"
    assert undone[51].startswith("Restored 70 paths. To take that back: kimicode undo ")
    assert not list(kimicode.project.glob("n*[0-9]"))


async def test_a_persons_later_edit_is_not_overwritten_without_asking(worked):
    kimicode, before = worked
    (kimicode.project / "double.py").write_text("mine\n")
    refused = await kimicode("undo")
    assert refused.code == 1
    assert "double.py" in refused.stderr
    assert "--force" in refused.stderr
    assert (kimicode.project / "double.py").read_text() == "mine\n"
    assert not (kimicode.project / "check.py").exists()
    assert (await kimicode("undo", "--force")).code == 0
    assert files(kimicode.project) == before


async def test_without_git_it_works_as_well(kimicode, tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    for name in ("double.py", "check.py"):
        (plain / name).write_bytes((kimicode.project / name).read_bytes())
    kimicode.project = plain
    before = tree(plain)
    async with ScriptedServer(WORK) as server:
        assert (await kimicode("run", "--base-url", server.base_url, "do it")).code == 0
    assert (await kimicode("undo")).code == 0
    assert tree(plain) == before


async def test_what_cannot_be_taken_back_is_said(worked):
    kimicode, _ = worked
    for to, said in (("9", "no step 9"), ("t9", "no turn 't9'"), ("0", "no step 0")):
        refused = await kimicode("undo", "--to", to)
        assert refused.code == 1
        assert said in refused.stderr
    assert (await kimicode("undo", "--files-only", "--conversation-only")).code == 1


async def test_the_next_start_finishes_files_and_conversation_of_an_undo_that_was_cut_off(worked):
    kimicode, before = worked
    (folder,) = (kimicode.home / "kimicode/sessions").iterdir()
    log = StepLog(folder / "undo")
    pending = kimicode.home / "kimicode/restores"
    changes = plan(log.steps, 1).changes
    with pytest.raises(KeyboardInterrupt), restoring(log, changes, "back", "t1", Rewind("t1"), pending):
        raise KeyboardInterrupt
    (kimicode.project / "check.py").unlink()
    listed = await kimicode("undo", "--list")
    assert "a restore that was cut off is finished" in listed.stderr
    assert files(kimicode.project) == before
    assert journal(kimicode)[-1]["type"] == "conversation.rewound"
    assert not list(pending.iterdir())
    assert (await kimicode("undo", "--list")).stderr == ""
