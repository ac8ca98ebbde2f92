"""What a session records of its steps, and how a person at the keyboard takes them back."""

import asyncio
import os
import subprocess
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from kimicode.agent.interactive import InteractiveSession
from kimicode.agent.opening import open_as
from kimicode.agent.options import SessionOptions
from kimicode.config.schema import Settings
from kimicode.errors import UsageError
from kimicode.events import FilesRestored, Notice, Rewound
from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.sessions.removal import remove_session
from kimicode.workspace.steplog import StepLog
from tests.fakes.trees import tree

DONE = Reply("Done.")


def bash(command):
    return Reply(calls=[("bash", {"command": command})])


@pytest.fixture
def project(tmp_path):
    project = (tmp_path / "project").resolve()
    project.mkdir()
    for name in ("a", "b"):
        (project / name).write_text(f"{name}\n")
    (project / ".gitignore").write_text("ignored/\n*.log\n")
    (project / "ignored").mkdir()
    (project / "ignored/x").write_text("x\n")
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "one")):
        subprocess.run((*git, *arguments), cwd=project, check=True)
    (project / "untracked").write_text("mine\n")
    os.chmod(project / "untracked", 0o600)
    return project


@pytest.fixture
def home(tmp_path):
    """A place of its own for sessions, by the variable that moves all of them."""
    before = os.environ.get("KIMICODE_HOME")
    os.environ["KIMICODE_HOME"] = str(tmp_path / "home")
    yield tmp_path / "home"
    if before is None:
        del os.environ["KIMICODE_HOME"]
    else:
        os.environ["KIMICODE_HOME"] = before


@asynccontextmanager
async def session_of(project, *replies, resume=""):
    """An interactive session against a scripted model, and its events."""
    events = []
    async with ScriptedServer(replies) as server:
        settings = Settings(base_url=server.base_url, model="scripted", sandbox="off")
        options = SessionOptions(settings, project, insist=False, resume=resume)
        async with open_as(InteractiveSession, options, events.append) as session:
            session.seen = events
            yield session


def files(project):
    return {path: what for path, what in tree(project).items() if f"{project}/.git" not in path}


async def test_a_turn_goes_back_with_its_conversation(home, project):
    before = files(project)
    command = "echo changed > a; rm b; mkdir -p n/e/w; echo x > n/e/w/file; chmod 755 untracked; echo > untracked"
    async with session_of(project, bash(command), DONE) as session:
        await session.run("make a mess")
        after = files(project)
        goal, plan = await session.way_back()
        assert not plan.edited
        assert await session.go_back(goal, plan) == "make a mess"
        assert files(project) == before
        assert session.turns == []
        assert [message.role for message in session.agent.history.messages] == ["system"]
        (restored,) = [event for event in session.seen if isinstance(event, FilesRestored)]
        assert restored.before == 1
        await session.go_back(*await session.way_back(str(restored.step)))
        assert files(project) == after
    assert [event for event in session.seen if isinstance(event, Notice)] == []


async def test_files_alone_go_back_and_the_model_is_told(home, project):
    async with session_of(project, bash("echo 1 > a"), bash("echo 2 > a"), DONE) as session:
        await session.run("count")
        goal, plan = await session.way_back("2")
        assert await session.go_back(replace(goal, turn_id=""), plan) == ""
        assert (project / "a").read_text() == "1\n"
        assert str(project / "a") in session.agent.history.messages[-1].text
        assert not any(isinstance(event, Rewound) for event in session.seen)


async def test_within_a_turn_the_conversation_goes_back_to_before_the_call_as_well(home, project):
    async with session_of(project, bash("echo 1 > a"), bash("echo 2 > a"), DONE) as session:
        await session.run("count")
        whole = list(session.agent.history.messages)
        assert await session.go_back(*await session.way_back("2")) == ""
        assert (project / "a").read_text() == "1\n"
        assert session.agent.history.messages == whole[:4], "prompt, the first call and its result"
        assert session.turns == [("t1", "count")]
        goal, _ = await session.way_back("2")
        assert not goal.turn_id, "that call is no part of the conversation any more: files alone"
        assert await session.go_back(*await session.way_back("t1")) == "count"
        assert (project / "a").read_text() == "a\n"
        assert session.turns == []


async def test_of_an_answer_with_several_calls_the_earlier_ones_stay(home, project):
    calls = [("bash", {"command": f"echo {number} > a"}) for number in (1, 2, 3)]
    async with session_of(project, Reply("Three at once.", calls=calls), DONE) as session:
        await session.run("count")
        await session.go_back(*await session.way_back("3"))
        assert (project / "a").read_text() == "2\n"
        answer, results = session.agent.history.messages[-2:]
        assert answer.text == "Three at once."
        assert [call.id for call in answer.tool_calls] == [result.call_id for result in results.parts]
        assert len(answer.tool_calls) == 2
        await session.go_back(*await session.way_back("1"))
        assert (project / "a").read_text() == "a\n"
        assert [message.role for message in session.agent.history.messages] == ["system", "user"]


async def test_a_fork_can_take_back_what_it_inherited_also_when_its_origin_is_gone(home, project):
    before = files(project)
    async with session_of(project, bash("echo 1 > a"), DONE, bash("rm b"), DONE) as session:
        await session.run("one")
        await session.run("two")
        whole, half = await session.fork(), await session.fork("t2")
        origin = session.id
    remove_session(home / "sessions" / origin)
    assert [step.number for step in StepLog(home / "sessions" / half / "undo").steps] == [1]
    async with session_of(project, resume=whole) as fork:
        goal, plan = await fork.way_back("t1")
        assert not plan.edited
        await fork.go_back(goal, plan)
    assert files(project) == before


async def test_a_command_right_behind_another_does_not_look_twice_and_knows_whose_change_is_whose(home, project):
    calls = [("bash", {"command": command}) for command in ("echo 1 > a", "echo 2 > b", "rm a")]
    async with session_of(project, Reply(calls=calls), DONE) as session:
        await session.run("three")
        steps = await session.trail.steps()
        assert [[os.path.basename(change.path) for change in step.changes] for step in steps] == [["a"], ["b"], ["a"]]
        assert [step.title for step in steps] == ["bash echo 1 > a", "bash echo 2 > b", "bash rm a"]


async def test_what_a_person_edited_between_two_steps_is_not_lost_unasked(home, project):
    replies = (bash("echo agent > a"), DONE, bash("cat a; echo agent again > a"), DONE)
    async with session_of(project, *replies) as session:
        await session.run("one")
        (project / "a").write_text("mine\n")
        await session.run("two")
        goal, plan = await session.way_back("t1")
        assert plan.edited == (str(project / "a"),)
        with pytest.raises(UsageError, match="you changed since"):
            await session.go_back(goal, plan)
        assert (project / "a").read_text() == "agent again\n"
        await session.go_back(*await session.way_back("t2"))
        assert (project / "a").read_text() == "mine\n"


async def test_ignored_files_are_left_alone_unless_a_tool_names_them(home, project):
    edit = ("strreplace", {"path": "ignored/x", "old_str": "x", "new_str": "y"})
    async with session_of(project, bash("echo z > ignored/z; echo > a.log"), Reply(calls=[edit]), DONE) as session:
        await session.run("go")
        steps = await session.trail.steps()
        assert [step.title for step in steps] == ["strreplace ignored/x"]
        await session.go_back(*await session.way_back("1"))
        assert (project / "ignored/x").read_text() == "x\n"
        assert (project / "ignored/z").exists()


async def test_what_a_job_in_the_background_does_later_is_the_agents(home, project):
    gate = project.parent / "gate"
    os.mkfifo(gate)
    replies = (Reply(calls=[("bash", {"command": f"cat {gate} > a", "background": True})]), DONE)
    async with session_of(project, *replies) as session:
        await session.run("start it")
        writing = os.open(gate, os.O_RDWR)  # waits for no reader
        os.write(writing, b"late\n")
        async with asyncio.timeout(20):
            while (project / "a").read_text() != "late\n":
                await asyncio.sleep(0.02)
        os.close(writing)
        await session.shell.wait("1", 20)
        goal, plan = await session.way_back("t1")
        assert not plan.edited
        await session.go_back(goal, plan)
        assert (project / "a").read_text() == "a\n"


async def test_an_interrupted_command_is_recorded_as_far_as_it_came(home, project):
    async with session_of(project, bash("echo half > a; echo > started; sleep 60"), DONE) as session:
        turn = asyncio.create_task(session.run("go"))
        async with asyncio.timeout(20):
            while not (project / "started").exists():
                await asyncio.sleep(0.02)
        turn.cancel()
        await turn
        await session.go_back(*await session.way_back())
        assert (project / "a").read_text() == "a\n"
        assert not (project / "started").exists()
